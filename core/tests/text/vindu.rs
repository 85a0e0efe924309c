//! What a user may read, `les BRUKER P1 => VISES [lukket] | AVVIST KODE FELT`; what becomes of a report that a record is wrong,
//! `meld BRUKER P1 NAVN/VERSJON ÅRSAK => STROEKET|MELDT | AVVIST KODE FELT`; and what the register explains of a window: `vindu BRUKER ORDNING DATO [P1] [type T] => SVAR`, where the answer is
//! `innenfor|utenfor tidligst D regel R grunnlag G [åpnet D] [kampanje K] [lukker D] [hindring KODE,KODE] [gir HVA:AV:D]…`.

use register::codes::Catalogue;
use register::decide::feilregistrert::{Melding, meld};
use register::fact::Fact;
use register::query::access::{Caller, access};
use register::receipt::Finding;
use register::vindu::{Spoersmaal, explain};

use crate::expect::texts_read_well;
use crate::words::{Bad, Words};
use crate::world::World;
use crate::{innhold, message};

fn same(got: &str, answer: &str) -> Result<(), Bad> {
    let answer = answer.split_whitespace().collect::<Vec<_>>().join(" ");
    if got == answer { Ok(()) } else { Err(format!("fikk    {got}")) }
}

fn refused(finding: &Finding) -> Result<String, Bad> {
    texts_read_well(finding)?;
    Ok(format!("AVVIST {} {}", finding.rejection.code(), finding.field.element()))
}

impl World {
    /// Reads a person as hentPerson does.
    pub fn reads(&mut self, line: &str) -> Result<(), Bad> {
        let (question, answer) = line.split_once("=>").ok_or("linjen har ikke =>")?;
        let mut words = Words::of(question);
        let header = message::header(self, &mut words)?;
        let number = self.duf_text(words.next("person")?)?;
        words.end()?;
        let (registry, now) = (self.registry(), self.now()?);
        let state = self.state(&registry);
        let person = state.persons.values().find(|person| person.duf.to_string() == number);
        let facts: Vec<&Fact> = person.iter().flat_map(|person| &person.facts).collect();
        let beregnet = person.and_then(|person| person.beregnet.as_ref());
        let kategorier = beregnet.map(|beregnet| beregnet.kategorier.as_slice()).unwrap_or_default();
        let caller = person.and(Caller::of(&registry, &header, &self.policy, now.today));
        let got = match access(caller, &facts, kategorier, &self.policy, &now) {
            Ok(access) if access.closed_data => "VISES lukket".to_owned(),
            Ok(_) => "VISES".to_owned(),
            Err(finding) => refused(&finding)?,
        };
        same(&got, answer)
    }

    /// Reports a record as wrong.
    pub fn reports(&mut self, line: &str) -> Result<(), Bad> {
        let (question, answer) = line.split_once("=>").ok_or("linjen har ikke =>")?;
        let mut words = Words::of(question);
        let header = message::header(self, &mut words)?;
        let duf_text = self.duf_text(words.next("person")?)?;
        let (name, versjon) = words.next("post")?.split_once('/').ok_or("posten trenger en versjon")?;
        let melding = Melding {
            header,
            duf_text,
            post_id: Ok(self.label(name)?),
            versjon: versjon.parse().map_err(|_| "ingen versjon")?,
            aarsak: words.next("årsak")?.to_owned(),
            begrunnelse: "Feil".into(),
            form_errors: Vec::new(),
        };
        words.end()?;
        if Catalogue::embedded().lookup("feilregistrertAarsak", &melding.aarsak).is_none() {
            return Err(format!("ingen årsak heter {}", melding.aarsak));
        }
        let (registry, now) = (self.registry(), self.now()?);
        let got = match meld(&self.state(&registry), &melding, &self.policy, &now, &mut self.ids.clone()) {
            Ok(utfall) => utfall.status.code().to_owned(),
            Err(findings) => refused(findings.first().ok_or("ingen grunn")?)?,
        };
        same(&got, answer)
    }

    /// Asks and compares with the whole answer.
    pub fn explained(&self, line: &str) -> Result<(), Bad> {
        let (question, answer) = line.split_once("=>").ok_or("linjen har ikke =>")?;
        let mut words = Words::of(question);
        let registry = self.registry();
        let user = registry.users.get(words.next("bruker")?).ok_or("ingen slik bruker")?;
        let ordning = innhold::ordning(words.next("ordning")?)?;
        let dato = words.parse("dato")?;
        let state = self.state(&registry);
        let person = match words.peek().filter(|word| word.starts_with('P')) {
            None => None,
            Some(name) => {
                words.take(name);
                let number = self.duf_text(name)?;
                Some(
                    state
                        .persons
                        .values()
                        .find(|person| person.duf.to_string() == number)
                        .ok_or("ingen slik person")?,
                )
            }
        };
        let asked = Spoersmaal {
            dato,
            ordning,
            posttype: words.value("type")?,
            roles: &user.roles,
            kommune: user.kommune,
            bydel: user.bydel,
            person,
        };
        words.end()?;
        let got = explain(&self.policy, &registry, &asked, self.now()?.today);
        let mut said = vec![if got.innenfor { "innenfor" } else { "utenfor" }.to_owned()];
        said.push(format!("tidligst {} regel {} grunnlag {}", got.tidligste, got.regel, got.grunnlag.code()));
        said.extend(got.aapnet.map(|day| format!("åpnet {day}")));
        said.extend(got.kampanje.map(|id| format!("kampanje {id}")));
        said.extend(got.lukker.map(|day| format!("lukker {day}")));
        if !got.hindringer.is_empty() {
            said.push(format!("hindring {}", got.hindringer.join(",")));
        }
        for more in got.gir_mer {
            let day = more.tidligste.map(|day| format!(":{day}")).unwrap_or_default();
            said.push(format!("gir {}:{}{day}", more.hva, more.gis_av));
        }
        same(&said.join(" "), answer)
    }
}
