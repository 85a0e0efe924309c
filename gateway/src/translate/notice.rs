//! A numbered notice to `Endring` (contract.md 2.3, 6).

use nir_xsd::message as wire;
use register::change::{NoticePayload, NumberedNotice};

use crate::translate::content::innhold;
use crate::translate::person_answer;

/// One change as the stream shows it; pull, push and receipt write the same.
pub fn endring(numbered: &NumberedNotice) -> wire::Endring {
    let notice = &numbered.notice;
    let mut endring = wire::Endring {
        sekvensnummer: numbered.sekvensnummer,
        hendelse_id: notice.hendelse_id.to_string(),
        hendelsestype: notice.hendelsestype.clone(),
        registrert: oslo(notice.registrert),
        gjelder_dato: notice.gjelder_dato,
        duf_nummer: notice.duf.map(|duf| duf.to_string()),
        kommunenummer: notice.kommune.to_string(),
        bydelsnummer: notice.bydel.map(|bydel| bydel.to_string()),
        opphav: notice.opphav.code().to_owned(),
        meldings_id: notice.meldings_id.clone(),
        ..wire::Endring::default()
    };
    match &notice.payload {
        NoticePayload::OrdningEndret { ordning, status, dato } => {
            endring.ordning_endret =
                Some(wire::OrdningEndret { ordning: ordning.code().to_owned(), status: status.clone(), dato: *dato });
        }
        NoticePayload::KategoriEndret {
            kategori,
            lov,
            fra,
            til,
            aarsak,
            aapnet_for_skriving,
            regelversjon,
            beregnings_id,
        } => {
            endring.kategori_endret = Some(wire::KategoriEndret {
                kategori: kategori.clone(),
                lov: lov.clone(),
                fra: *fra,
                til: *til,
                aarsak: aarsak.clone(),
                aapnet_for_skriving: *aapnet_for_skriving,
                regelversjon: regelversjon.clone(),
                beregnings_id: beregnings_id.to_string(),
            });
        }
        NoticePayload::FristEndret { fristtype, ordning, dato, forrige_dato, beregnings_id } => {
            endring.frist_endret = Some(wire::FristEndret {
                fristtype: fristtype.clone(),
                ordning: ordning.code().to_owned(),
                dato: *dato,
                forrige_dato: *forrige_dato,
                beregnings_id: beregnings_id.to_string(),
            });
        }
        NoticePayload::PostEndret {
            posttype,
            post_id,
            versjon,
            avsenders_referanse,
            sist_endret_av,
            handling,
            content,
        } => {
            endring.post_endret = Some(wire::PostEndret {
                posttype: posttype.clone(),
                post: wire::PostSvar {
                    post_id: post_id.to_string(),
                    versjon: *versjon,
                    avsenders_referanse: avsenders_referanse.clone(),
                    sist_endret_av: Some(sist_endret_av.clone()),
                },
                handling: handling.clone(),
                innhold: content.as_deref().map(innhold),
            });
        }
        NoticePayload::PersonOeyeblikksbilde { bestillings_id, posisjon, siste, person } => {
            endring.person_oeyeblikksbilde = Some(Box::new(wire::PersonOeyeblikksbilde {
                bestillings_id: bestillings_id.map(|id| id.to_string()),
                posisjon: posisjon.unwrap_or(numbered.sekvensnummer),
                siste: *siste,
                person: person.as_deref().map(|view| person_answer(view, None)),
            }));
        }
        NoticePayload::Tilflyttet { fra, til, dato } => {
            endring.tilflyttet = Some(wire::Tilflyttet {
                fra_kommunenummer: fra.map(|kommune| kommune.to_string()),
                til_kommunenummer: til.to_string(),
                dato: *dato,
            });
        }
        NoticePayload::Annen { tillegg } => {
            endring.annen_hendelse = Some(wire::AnnenHendelse {
                tillegg: tillegg
                    .iter()
                    .map(|(noekkel, verdi)| wire::Tillegg { noekkel: noekkel.clone(), verdi: verdi.clone() })
                    .collect(),
            });
        }
    }
    endring
}

/// An instant with Norway's offset, to the millisecond, as answers write it.
pub fn oslo(at: chrono::DateTime<chrono::Utc>) -> chrono::DateTime<chrono::FixedOffset> {
    use chrono::SubsecRound as _;
    at.trunc_subsecs(3).with_timezone(&chrono_tz::Europe::Oslo).fixed_offset()
}
