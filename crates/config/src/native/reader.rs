//! Conversion of a document to typed settings that keep their positions.

use anergy_cosim::coupling::CouplingSettings;
use anergy_dispatch::district::settings::{LinkSettings, ShortageSettings};

use super::settings::{TOP, TechnologySettings, TimeSettings, is_incomplete};
use crate::document::{Document, LOOP_OPTION};
use crate::timeseries::Correction;
use crate::yaml::{Conflict, Entry, Map, Node, Span, Value, from_node};
use crate::{ConfigError, Finding, Inputs, Level, Problem, SETTING, beside};

/// A technology at a site, with the site's keys merged over the technology's own.
#[derive(Debug)]
pub(super) struct SiteTechnology {
    pub(super) site: String,
    pub(super) name: String,
    pub(super) node: Node,
    pub(super) settings: TechnologySettings,
}

impl SiteTechnology {
    /// Returns the position of the first of `keys` that is present, or of the technology.
    pub(super) fn span(&self, keys: &[&str]) -> &Span {
        let map = self.node.as_map();
        keys.iter().find_map(|key| map?.get(key)).map_or(&self.node.span, |node| &node.span)
    }

    /// Returns the name of the technology in messages.
    pub(super) fn place(&self) -> String {
        format!("{} at {}", self.name, self.site)
    }
}

/// The node of the water loop, from the district file or from a file of its own.
#[derive(Debug)]
pub(super) struct LoopNode {
    pub(super) node: Node,
}

/// The typed settings of a district file.
#[derive(Debug)]
pub(super) struct ParsedDistrict {
    pub(super) name: Option<String>,
    pub(super) time: TimeSettings,
    pub(super) time_span: Option<Span>,
    pub(super) data: Option<String>,
    pub(super) carriers: Vec<(String, Span)>,
    pub(super) co2_price_eur_per_t: f64,
    pub(super) co2_span: Option<Span>,
    pub(super) co2_limit_kg: Option<f64>,
    pub(super) co2_limit_span: Option<Span>,
    pub(super) shortage: ShortageSettings,
    pub(super) sites: Vec<String>,
    pub(super) site_technologies: Vec<SiteTechnology>,
    pub(super) links: Vec<(String, Node, LinkSettings)>,
    pub(super) water_loop: Option<LoopNode>,
    pub(super) coupling: CouplingSettings,
    pub(super) coupling_node: Option<Node>,
    pub(super) corrections: Vec<Correction>,
}

/// Reads a document.
pub(super) fn read(
    document: &Document,
    inputs: &mut Inputs,
    findings: &mut Vec<Finding>,
) -> Result<ParsedDistrict, ConfigError> {
    let map = document.map();
    for Entry { key, key_span, .. } in map.entries() {
        if MERGED_KEYS.contains(&key.as_str()) {
            let reason = Some("it is worked in before settings are; write it into the file".to_owned());
            return Err(key_span.error(Problem::Unsupported { what: key.clone(), reason }));
        }
        if !TOP.contains(&key.as_str()) {
            return Err(key_span.error(Problem::unknown_key(key, TOP.iter().chain(&MERGED_KEYS).copied())));
        }
    }
    for (names, mark) in [("techs", "kind"), ("sites", "techs"), ("links", "from")] {
        names_without_dots(map.get(names), mark)?;
    }
    refuse_blanks(map, &mut Vec::new())?;
    let node = |key: &str| map.get(key).filter(|node| node.value != Value::Null);
    let text = |key: &str| node(key).map(from_node::<String>).transpose();
    let start = Span::start_of(document.source());
    if let (Some(entry), None) = (map.entries().iter().find(|entry| entry.key == "water_loop"), node("sites")) {
        let message =
            "this is a loop file and no district; a district takes it with `--water-loop` or as its `water_loop`";
        return Err(entry.key_span.error(Problem::Wrong(message.to_owned())));
    }
    let carriers = node("carriers").ok_or_else(|| start.error(missing("carriers")))?;
    let sites = node("sites").ok_or_else(|| start.error(missing("sites")))?;
    let empty = Map::default();
    let technologies = node("techs").map_or(Ok(&empty), |node| map_of(node, "technologies by name"))?;
    introduced(technologies, "technology")?;
    let sites = map_of(sites, "sites by name")?;
    masked(technologies, sites, findings)?;
    let (sites, site_technologies) = site_technologies(technologies, sites)?;
    unused(technologies, &site_technologies, findings)?;
    let empty_sites = sites.iter().filter(|site| !site_technologies.iter().any(|tech| tech.site == **site));
    findings.extend(empty_sites.map(|site| Finding::warning(None, format!("nothing stands at the site `{site}`"))));
    let corrections = node("corrections").map_or_else(|| Ok(Vec::<Correction>::new()), from_node)?;
    for (index, correction) in corrections.iter().enumerate() {
        if !(correction.divide_by.is_finite() && correction.divide_by > 0.0) {
            let item = node("corrections").and_then(Node::as_list).and_then(|list| list.get(index));
            let span = item.and_then(|item| item.at("divide_by")).map_or(&start, |node| &node.span);
            let message = format!("`divide_by` is {}; expected a number > 0", correction.divide_by);
            return Err(span.error(Problem::Wrong(message)));
        }
    }
    let links = node("links").map_or(Ok(&empty), |node| map_of(node, "links by name"))?;
    if let Some(entry) = links.entries().iter().find(|entry| entry.value.origin.as_deref() == Some(SETTING)) {
        let known = links.entries().iter().filter(|known| known.value.origin.is_none()).map(|known| known.key.as_str());
        return Err(entry.key_span.error(Problem::unknown_key(&entry.key, known)));
    }
    let link = |entry: &Entry| Ok((entry.key.clone(), entry.value.clone(), from_node(&entry.value)?));
    Ok(ParsedDistrict {
        name: text("name")?,
        time: node("time").map_or_else(|| Ok(TimeSettings::default()), from_node)?,
        time_span: node("time").map(|node| node.span.clone()),
        data: text("data")?,
        carriers: listed(carriers)?,
        co2_price_eur_per_t: node("co2_price_eur_per_t").map_or(Ok(0.0), from_node)?,
        co2_span: node("co2_price_eur_per_t").map(|node| node.span.clone()),
        co2_limit_kg: node("co2_limit_kg").map(from_node).transpose()?,
        co2_limit_span: node("co2_limit_kg").map(|node| node.span.clone()),
        shortage: node("shortage").map_or_else(|| Ok(ShortageSettings::default()), from_node)?,
        sites,
        site_technologies,
        links: links.entries().iter().map(link).collect::<Result<_, ConfigError>>()?,
        water_loop: node("water_loop").map(|node| water_loop(document, node, inputs)).transpose()?,
        coupling: node("coupling").map_or_else(|| Ok(CouplingSettings::default()), from_node)?,
        coupling_node: node("coupling").cloned(),
        corrections,
    })
}

/// Keys that are processed before all others.
const MERGED_KEYS: [&str; 3] = ["import", "overrides", "scenarios"];

fn missing(key: &str) -> Problem {
    Problem::MissingKey { key: key.to_owned() }
}

/// Refuses a name with a dot, which was read as two keys: what belongs below the name, with the key `mark`, is then a
/// level deeper.
fn names_without_dots(names: Option<&Node>, mark: &str) -> Result<(), ConfigError> {
    for entry in names.and_then(Node::as_map).map_or(&[][..], Map::entries) {
        let Some(of_name) = entry.value.as_map().filter(|map| map.get(mark).is_none()) else { continue };
        let deeper = |below: &&Entry| {
            below.key_span == entry.key_span && below.value.as_map().is_some_and(|map| map.get(mark).is_some())
        };
        if let Some(below) = of_name.entries().iter().find(deeper) {
            let message = format!(
                "`{0}.{1}` is read as the key `{1}` of `{0}`: a dot in a key separates levels, so names have no dots",
                entry.key, below.key
            );
            return Err(entry.key_span.error(Problem::Wrong(message)));
        }
    }
    Ok(())
}

fn map_of<'n>(node: &'n Node, what: &str) -> Result<&'n Map, ConfigError> {
    let wrong = || node.span.error(Problem::Wrong(format!("expected {what}, found {}", node.describe())));
    node.as_map().ok_or_else(wrong)
}

/// Reads a list of distinct names with their positions.
fn listed(node: &Node) -> Result<Vec<(String, Span)>, ConfigError> {
    let wrong = |node: &Node| {
        let message = format!("expected a list of names, found {}", node.describe());
        node.span.error(Problem::Wrong(message))
    };
    let mut names: Vec<(String, Span)> = Vec::new();
    if node.as_list().is_some_and(<[Node]>::is_empty) {
        return Err(node.span.error(Problem::Wrong("the list is empty".to_owned())));
    }
    for item in node.as_list().ok_or_else(|| wrong(node))? {
        let name = item.as_text().ok_or_else(|| wrong(item))?.to_owned();
        if let Some((_, first)) = names.iter().find(|(known, _)| *known == name) {
            return Err(item.span.error(Problem::DuplicateKey { key: name, first: first.clone() }));
        }
        names.push((name, item.span.clone()));
    }
    Ok(names)
}

/// Checks the entries that only overrides and settings add. A setting of an unknown name is an error; an override may
/// add a complete entry, which is then read like all others.
fn introduced(map: &Map, what: &str) -> Result<(), ConfigError> {
    let of_file = |entry: &&Entry| entry.value.origin.is_none();
    for Entry { key, key_span, value } in map.entries() {
        let by_setting = value.origin.as_deref() == Some(SETTING);
        let by_override =
            value.origin.is_some() && (what == "site" || value.as_map().is_none_or(|map| map.get("kind").is_none()));
        if by_setting || by_override {
            let known = map.entries().iter().filter(of_file).map(|entry| entry.key.as_str());
            return Err(key_span.error(Problem::unknown_key(key, known)));
        }
    }
    Ok(())
}

/// Returns every technology at every site, with the site's keys merged over the technology's own.
fn site_technologies(technologies: &Map, sites: &Map) -> Result<(Vec<String>, Vec<SiteTechnology>), ConfigError> {
    introduced(sites, "site")?;
    let mut site_technologies = Vec::new();
    for Entry { key: site, value, .. } in sites.entries() {
        let map = map_of(value, "a site")?;
        if let Some(entry) = map.entries().iter().find(|entry| entry.key != "techs") {
            return Err(entry.key_span.error(Problem::unknown_key(&entry.key, ["techs"])));
        }
        let Some(node) = map.get("techs") else { continue };
        let here = map_of(node, "technologies by name")?;
        for Entry { key: name, key_span, value } in here.entries() {
            let own = map_of(value, "the keys of a technology")?;
            let global = technologies.get(name);
            let stands_alone = own.get("kind").is_some();
            if value.origin.as_deref() == Some(SETTING) || (global.is_none() && !stands_alone) {
                let of_file = here.entries().iter().filter(|entry| entry.value.origin.is_none());
                let names = technologies.entries().iter().chain(of_file).map(|entry| entry.key.as_str());
                return Err(key_span.error(Problem::unknown_key(name, names.filter(|known| known != name))));
            }
            let mut merged = global.map_or(Ok(Map::default()), |node| map_of(node, "a technology").cloned())?;
            merged.union(own.clone(), Conflict::Replace)?;
            let node = Node { value: Value::Map(merged), span: key_span.clone(), origin: value.origin.clone() };
            let settings = TechnologySettings::read(&node)?;
            site_technologies.push(SiteTechnology { site: site.clone(), name: name.clone(), node, settings });
        }
    }
    let names = sites.entries().iter().map(|entry| entry.key.clone()).collect();
    Ok((names, site_technologies))
}

/// Checks that no key is without a value, which would be a lost value. Only the name of a technology may be without
/// one, where a site uses the technology unchanged.
fn refuse_blanks(map: &Map, path: &mut Vec<String>) -> Result<(), ConfigError> {
    for Entry { key, key_span, value } in map.entries() {
        path.push(key.clone());
        let names = match path.as_slice() {
            [only] => only == "techs" || only == "links",
            [sites, _, techs] | [sites, _, techs, _] => sites == "sites" && techs == "techs",
            _ => false,
        };
        match &value.value {
            Value::Null if !names => {
                let message = format!("`{key}` has no value; write one, or leave the key out");
                return Err(key_span.error(Problem::Wrong(message)));
            }
            Value::Map(inner) => refuse_blanks(inner, path)?,
            _ => {}
        }
        path.pop();
    }
    Ok(())
}

/// Finds changes of a technology by a scenario or `--set` that have no effect because every site overrides the same
/// key: for a setting that is an error, for a scenario a warning.
fn masked(technologies: &Map, sites: &Map, findings: &mut Vec<Finding>) -> Result<(), ConfigError> {
    for Entry { key: name, value, .. } in technologies.entries() {
        let Some(global) = value.as_map().filter(|_| value.origin.is_none()) else { continue };
        let at_site = |site: &'_ Entry| site.value.at("techs").and_then(|techs| techs.at(name)).cloned();
        let uses: Vec<(String, Node)> =
            sites.entries().iter().filter_map(|site| Some((site.key.clone(), at_site(site)?))).collect();
        for Entry { key, key_span, value } in global.entries() {
            let Some(origin) = &value.origin else { continue };
            let sets = |node: &Node| node.at(key).is_some_and(|own| own.origin.is_none());
            let masking: Vec<&str> =
                uses.iter().filter(|(_, node)| sets(node)).map(|(site, _)| site.as_str()).collect();
            if masking.is_empty() {
                continue;
            }
            let whose =
                if origin.as_ref() == SETTING { SETTING.to_owned() } else { format!("the override `{origin}`") };
            let path = format!("sites.{}.techs.{name}.{key}", masking[0]);
            let message = format!(
                "{whose} sets techs.{name}.{key}, which has no effect at {}: the site sets it itself (change {path})",
                masking.join(", ")
            );
            if masking.len() == uses.len() && origin.as_ref() == SETTING {
                return Err(key_span.error(Problem::Wrong(message)));
            }
            let finding = Finding::warning(Some(key_span), message);
            findings.push(if masking.len() == uses.len() {
                finding
            } else {
                Finding { level: Level::Note, ..finding }
            });
        }
    }
    Ok(())
}

/// Warns of technologies that no site uses, and checks their keys all the same.
fn unused(
    technologies: &Map,
    site_technologies: &[SiteTechnology],
    findings: &mut Vec<Finding>,
) -> Result<(), ConfigError> {
    for Entry { key, key_span, value } in technologies.entries() {
        if site_technologies.iter().any(|tech| tech.name == *key) {
            continue;
        }
        let checked = Node { span: key_span.clone(), ..value.clone() };
        if let Err(error) = TechnologySettings::read(&checked)
            && !is_incomplete(&error)
        {
            return Err(error);
        }
        findings.push(Finding::warning(Some(key_span), format!("the technology `{key}` stands at no site")));
    }
    Ok(())
}

/// Returns the loop of the document, or that of a file under its key `water_loop`, with the keys beside `file` merged
/// over it.
fn water_loop(document: &Document, node: &Node, inputs: &mut Inputs) -> Result<LoopNode, ConfigError> {
    let mut own = Map::default();
    let name = match (node.as_text(), node.as_map()) {
        (Some(_), _) => node.clone(),
        (None, Some(map)) => {
            own = map.clone();
            match own.remove("file") {
                Some(entry) => {
                    let inline = own.entries().iter().find(|own| own.value.origin.is_none());
                    if let (Some(_), Some(inline)) = (&entry.value.origin, inline) {
                        let message = format!(
                            "`file` cannot join a loop that is written in place (`{}` stands at {}); put the loop \
                             into a file, or use `--water-loop FILE`",
                            inline.key, inline.key_span
                        );
                        return Err(entry.key_span.error(Problem::Wrong(message)));
                    }
                    entry.value
                }
                None => return Ok(LoopNode { node: node.clone() }),
            }
        }
        (None, None) => {
            let message =
                format!("expected the water loop's settings, or a file that has them, found {}", node.describe());
            return Err(node.span.error(Problem::Wrong(message)));
        }
    };
    let mut loaded = loop_of_file(document, &name, inputs)?;
    if let Value::Map(map) = &mut loaded.value {
        refuse_blanks(map, &mut vec!["water_loop".to_owned()])?;
        map.union(own, Conflict::Replace)?;
    }
    Ok(LoopNode { node: loaded })
}

/// Returns the loop of a file, under its key `water_loop`.
fn loop_of_file(document: &Document, name: &Node, inputs: &mut Inputs) -> Result<Node, ConfigError> {
    let text = name.as_text().ok_or_else(|| {
        let message = format!("expected a file with the water loop's settings, found {}", name.describe());
        name.span.error(Problem::Wrong(message))
    })?;
    let asked_for = name.span.path() == std::path::Path::new(LOOP_OPTION);
    let file = if asked_for { text.into() } else { beside(document.path(), text) };
    let source = inputs.text(&file).map_err(|error| match error {
        ConfigError::Unreadable { path, source } => {
            name.span.error(Problem::Wrong(format!("{} cannot be read: {source}", path.display())))
        }
        other => other,
    })?;
    let parsed = crate::yaml::parse(&source)?;
    let map = map_of(&parsed, "a loop file")?;
    for Entry { key, key_span, .. } in map.entries() {
        if ["name", "water_loop"].contains(&key.as_str()) {
            continue;
        }
        let of_calliope = ["heat_pumps", "stores", "switches", "preset", "coupling", "corrections"];
        if of_calliope.contains(&key.as_str()) {
            let reason = "of a loop file, a district takes `water_loop` alone; it has heat pumps, stores and coupling \
                of its own (`anergy import` turns a Calliope model and its loop file into a district)";
            let problem = Problem::Unsupported { what: key.clone(), reason: Some(reason.to_owned()) };
            return Err(key_span.error(problem));
        }
        return Err(key_span.error(Problem::unknown_key(key, ["name", "water_loop"])));
    }
    let node = map.get("water_loop").ok_or_else(|| parsed.span.error(missing("water_loop")))?;
    map_of(node, "the water loop's settings")?;
    Ok(node.clone())
}
