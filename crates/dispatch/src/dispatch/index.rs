//! Maps from sites, technologies, links and carriers to the columns, balances and parts of a dispatch.

use std::collections::HashMap;

use anergy_lp::{ColumnId, Component, RowId, TermId};

use super::layout::{DispatchLayout, Quantity, Role};
use crate::district::District;

/// The owner of a column.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(super) enum Owner {
    /// Technology of a site: both indices.
    Technology(usize, usize),
    /// Link.
    Link(usize),
    /// Balance: site and carrier.
    Balance(usize, usize),
}

impl Owner {
    fn of(quantity: &Quantity) -> Self {
        match (quantity.technology, quantity.link) {
            (Some(technology), _) => Self::Technology(quantity.site, technology),
            (None, Some(link)) => Self::Link(link),
            (None, None) => Self::Balance(quantity.site, quantity.carrier),
        }
    }
}

/// Where the input term and the output column of a conversion are among the parts.
#[derive(Debug, Clone, Copy)]
pub(super) struct ConversionPlace {
    /// Index of the part.
    pub(super) part: usize,
    /// Input term in the part.
    pub(super) term: TermId,
    /// Output column in the part.
    pub(super) output: ColumnId,
}

/// The maps.
#[derive(Debug, Clone)]
pub(super) struct DispatchIndex {
    sites: HashMap<String, usize>,
    /// Technologies by name, for each site.
    technologies: Vec<HashMap<String, usize>>,
    carriers: HashMap<String, usize>,
    columns: HashMap<(Owner, Role), usize>,
    balances: HashMap<(usize, usize), usize>,
    conversions: HashMap<(usize, usize), usize>,
    /// Place of each conversion.
    pub(super) conversion_places: Vec<ConversionPlace>,
    /// Part of each balance, and its row there.
    pub(super) balance_places: Vec<(usize, RowId)>,
}

impl DispatchIndex {
    /// Creates the maps of a district with this layout, decomposed into these parts.
    pub(super) fn new<'a>(
        district: &District,
        layout: &DispatchLayout,
        parts: impl Iterator<Item = &'a Component>,
    ) -> Self {
        let named = |names: &mut dyn Iterator<Item = &String>| -> HashMap<String, usize> {
            names.enumerate().map(|(index, name)| (name.clone(), index)).collect()
        };
        let technologies = district.sites().iter();
        let technologies = technologies.map(|site| named(&mut site.technologies.iter().map(|one| &one.name)));
        let quantities = layout.quantities.iter().enumerate();
        let (mut terms, mut columns, mut rows) = (HashMap::new(), HashMap::new(), HashMap::new());
        for (part, component) in parts.enumerate() {
            terms.extend(component.terms.iter().enumerate().map(|(own, term)| (*term, (part, TermId(own)))));
            columns.extend(component.columns.iter().enumerate().map(|(own, column)| (*column, ColumnId(own))));
            rows.extend(component.rows.iter().enumerate().map(|(own, row)| (*row, (part, RowId(own)))));
        }
        Self {
            sites: named(&mut district.sites().iter().map(|site| &site.name)),
            technologies: technologies.collect(),
            carriers: named(&mut district.carriers().iter()),
            columns: quantities.map(|(column, quantity)| ((Owner::of(quantity), quantity.role), column)).collect(),
            balances: layout
                .balances
                .iter()
                .enumerate()
                .map(|(index, balance)| ((balance.site, balance.carrier), index))
                .collect(),
            conversions: layout
                .conversions
                .iter()
                .enumerate()
                .map(|(index, conversion)| ((conversion.site, conversion.technology), index))
                .collect(),
            // Every term, column and row of the whole is in one part.
            conversion_places: layout
                .conversions
                .iter()
                .map(|conversion| {
                    let (part, term) = terms[&conversion.term];
                    ConversionPlace { part, term, output: columns[&conversion.output] }
                })
                .collect(),
            balance_places: layout.balances.iter().map(|balance| rows[&balance.row]).collect(),
        }
    }

    /// Returns the indices of a site and of a technology there; `None` if there are none of these names.
    fn technology(&self, site: &str, technology: &str) -> Option<(usize, usize)> {
        let site = *self.sites.get(site)?;
        Some((site, *self.technologies[site].get(technology)?))
    }

    /// Returns the index of the conversion `technology` at `site`; `None` if there is no such conversion.
    pub(super) fn conversion(&self, site: &str, technology: &str) -> Option<usize> {
        self.conversions.get(&self.technology(site, technology)?).copied()
    }

    /// Returns the column with `role` of `technology` at `site`; `None` if there is none.
    pub(super) fn quantity(&self, site: &str, technology: &str, role: Role) -> Option<usize> {
        let (site, technology) = self.technology(site, technology)?;
        self.column(Owner::Technology(site, technology), role)
    }

    /// Returns the column with `role` of an owner; `None` if there is none.
    pub(super) fn column(&self, owner: Owner, role: Role) -> Option<usize> {
        self.columns.get(&(owner, role)).copied()
    }

    /// Returns the index of the balance of `carrier` at `site`; `None` if there is none.
    pub(super) fn balance(&self, site: &str, carrier: &str) -> Option<usize> {
        self.balances.get(&(*self.sites.get(site)?, *self.carriers.get(carrier)?)).copied()
    }
}
