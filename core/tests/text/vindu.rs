//! What the register explains of a window: `vindu BRUKER ORDNING DATO [P1] [type T] => SVAR`, where the answer is
//! `innenfor|utenfor tidligst D regel R grunnlag G [åpnet D] [kampanje K] [lukker D] [hindring KODE,KODE] [gir HVA:AV:D]…`.

use register::vindu::{Spoersmaal, explain};

use crate::innhold;
use crate::words::{Bad, Words};
use crate::world::World;

impl World {
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
        let (said, answer) = (said.join(" "), answer.split_whitespace().collect::<Vec<_>>().join(" "));
        if said == answer { Ok(()) } else { Err(format!("fikk    {said}")) }
    }
}
