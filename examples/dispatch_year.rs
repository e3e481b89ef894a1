//! scratch
use anergy::config::switches::Preset;
use anergy::config::{Case, LoopSource, Request};
use anergy::dispatch::Dispatch;
use anergy::lp::{Backend, Cbc, Staged};
fn main() {
    let args: Vec<String> = std::env::args().collect();
    let preset = match args[2].as_str() { "pub" => Preset::Published, "cor" => Preset::Corrected, _ => Preset::EquilibriumReference };
    let case = if args[3] == "own" {
        Case::load(&Request { model: "configs/smart_district.yaml".into(), settings: args[4..].to_vec(), ..Request::default() }).unwrap()
    } else { Case::load(&Request {
        model: "../shared/cases/iccep2019/smarti/model_op.yaml".into(),
        scenario: Some("zero_alt_storage".into()),
        water_loop: Some(LoopSource::File("networks/iccep2019.yaml".into())),
        preset: Some(preset),
        settings: args[4..].to_vec(),
        window: match args[3].as_str() { "year" => None, end => Some(["2015-01-01".into(), end.to_owned()]) },
        ..Request::default()
    }).unwrap() };
    let backend: &'static dyn Backend = if args[1] == "cbc" { &Cbc } else { &Staged };
    let mut dispatch = Dispatch::new(case.district.clone(), backend).unwrap();
    for _ in 0..2 {
        let t = std::time::Instant::now();
        match dispatch.solve(backend) {
            Ok(plan) => {
                let account = dispatch.account(&plan.values);
                println!("{:?} objective {:.9} operation {:.9} unmet {:.9} surplus {:.6} abs {:.3} eq {:e} bound {:e}", t.elapsed(), plan.objective_eur, account.operation_eur, account.unmet_kwh(), account.surplus_kwh(), account.absolute_terms_eur, plan.certificate.equation, plan.certificate.bound);
            }
            Err(e) => println!("{e}"),
        }
    }
}
