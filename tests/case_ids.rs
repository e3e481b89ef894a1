//! A case's id is a hash of everything that determines its results: a change of one byte of any input makes it another
//! case.
#![cfg(feature = "parquet")]
#![allow(missing_docs, clippy::unwrap_used)]

mod common;

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;
use std::sync::atomic::AtomicBool;

use anergy::study::sweep::manifest::Manifest;
use anergy::study::sweep::{Shard, SweepFile};

use common::minimal_model;

/// A change to the files in a folder.
type Change = Box<dyn Fn(&Path)>;

/// Returns the ids of a sweep over two prices of the minimal model, after `change` was applied to its folder.
fn ids(change: &dyn Fn(&Path), sweep: &str) -> Vec<String> {
    let folder = tempfile::tempdir().unwrap();
    minimal_model(folder.path(), |text| text);
    change(folder.path());
    let file = folder.path().join("sweep.yaml");
    fs::write(&file, sweep).unwrap();
    let place = folder.path().join("planned");
    let manifest = Manifest::plan(&SweepFile::load(&file).unwrap(), &place, &AtomicBool::new(false)).unwrap();
    manifest.cases_of(&place, Shard::WHOLE).unwrap().id
}

fn replace(path: &Path, from: &str, to: &str) {
    let text = fs::read_to_string(path).unwrap();
    assert!(from.len() == to.len() && text.contains(from), "one byte of {}", path.display());
    fs::write(path, text.replacen(from, to, 1)).unwrap();
}

#[test]
fn one_byte_of_input_changes_the_ids() {
    let sweep = "case: {model: model.yaml}\nparameters: {techs.grid.costs.monetary.om_prod: [0.2, 0.3]}\n";
    let plain = ids(&|_| (), sweep);
    assert_eq!(plain.len(), 2);
    assert_eq!(ids(&|_| (), sweep), plain, "the folder makes no difference");
    let changes: [(&str, Change, &str); 6] = [
        ("a value of a series", Box::new(|folder| replace(&folder.join("series/heat.csv"), ",-3", ",-4")), sweep),
        ("a digit of another", Box::new(|folder| replace(&folder.join("series/cop.csv"), ",3.9", ",3.8")), sweep),
        ("a number of the model", Box::new(|folder| replace(&folder.join("model.yaml"), "0.01}", "0.02}")), sweep),
        (
            "a value of the parameter",
            Box::new(|_| ()),
            "case: {model: model.yaml}\nparameters: {techs.grid.costs.monetary.om_prod: [0.4, 0.5]}\n",
        ),
        (
            "another parameter of the same values",
            Box::new(|_| ()),
            "case: {model: model.yaml}\nparameters: {techs.pump.costs.monetary.om_prod: [0.2, 0.3]}\n",
        ),
        (
            "a setting",
            Box::new(|_| ()),
            "case: {model: model.yaml, set: {run.bigM: 900}}\nparameters: {techs.grid.costs.monetary.om_prod: [0.2, \
             0.3]}\n",
        ),
    ];
    let mut seen: BTreeSet<String> = plain.into_iter().collect();
    for (what, change, sweep) in changes {
        for id in ids(&change, sweep) {
            assert!(seen.insert(id), "{what} makes no other case");
        }
    }
}
