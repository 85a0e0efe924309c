//! Reads the tables, asks the register, compares.

use std::collections::BTreeSet;
use std::path::Path;

use register::change::{Addressed, Change, NoticePayload};
use register::command::{Command, Transaksjon};
use register::decide::{Decision, decide, run_out};
use register::receipt::{Finding, LineOutcome, Status};
use register::rejection::Rejection;
use register::scheme::Scheme;

use crate::expect::{self, Expected, expected};
use crate::message::{self, Sent};
use crate::words::{Bad, Words};
use crate::world::World;

#[derive(Default)]
pub struct Report {
    pub failures: Vec<String>,
    pub provoked: BTreeSet<Rejection>,
    /// Row ids in the headings.
    pub rows: BTreeSet<String>,
    /// Kinds of notices that a line names.
    pub told: BTreeSet<String>,
    /// Lines that expect something.
    pub lines: usize,
}

/// Every table of a folder.
pub fn folder(path: &str) -> Report {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join(path);
    let mut files: Vec<_> = std::fs::read_dir(&folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    files.retain(|file| file.extension().is_some_and(|extension| extension == "txt"));
    files.sort();
    assert!(!files.is_empty(), "no table in {}", folder.display());
    let mut all = Report::default();
    for file in files {
        let name = format!("core/{path}/{}", file.file_name().unwrap().to_string_lossy());
        let text = std::fs::read_to_string(&file).unwrap();
        let one = self::text(&name, &text);
        if one.rows.is_empty() {
            all.failures.push(format!("{name}: overskriften nevner ingen rad i domain.md"));
        }
        all.failures.extend(one.failures);
        all.provoked.extend(one.provoked);
        all.rows.extend(one.rows);
        all.told.extend(one.told);
        all.lines += one.lines;
    }
    all
}

/// One table.
pub fn text(name: &str, text: &str) -> Report {
    let mut table = Table { report: Report::default(), world: World::standard(), open: None, notices: None };
    for (number, line) in text.lines().enumerate() {
        let indented = line.starts_with(' ');
        let line = line.trim();
        if let Some(comment) = line.strip_prefix('#') {
            let rows = comment.split('[').skip(1).filter_map(|part| part.split_once(']'));
            table.report.rows.extend(rows.flat_map(|(ids, _)| ids.split([',', ' ']).map(str::to_owned)));
            continue;
        }
        if let Err(bad) = table.line(line, indented) {
            table.report.failures.push(format!("{name}:{}: {line}\n  {bad}", number + 1));
        }
    }
    if let Some(bad) = table.unread() {
        table.report.failures.push(format!("{name}: slutt\n  {bad}"));
    }
    table.report
}

/// A message that is being read.
struct Open {
    header: register::command::Header,
    transaksjon: Transaksjon,
    sent: Vec<(Sent, Expected)>,
    /// Errors expected of a person, by the number of its mention.
    persons: Vec<(usize, Expected)>,
    mentions: usize,
}

struct Table {
    report: Report,
    world: World,
    open: Option<Open>,
    /// Notices of the last message that no line has named yet; `None` when no line has asked.
    notices: Option<(Vec<Addressed>, bool)>,
}

impl Table {
    fn line(&mut self, line: &str, indented: bool) -> Result<(), Bad> {
        if line.is_empty() {
            return Ok(());
        }
        if line.starts_with("varsel ") || line == "ingen varsel" {
            return self.notice(line);
        }
        if let Some(bad) = self.unread() {
            return Err(bad);
        }
        if line.starts_with("==") {
            self.world = World::standard();
            return if self.open.take().is_some() { Err("meldingen før har ingen status".into()) } else { Ok(()) };
        }
        if let Some(rest) = line.strip_prefix("sjekk ") {
            self.report.lines += 1;
            return self.check(rest);
        }
        if let Some(rest) = line.strip_prefix("status ") {
            self.report.lines += 1;
            return self.status(rest);
        }
        if let Some(rest) = line.strip_prefix("ute ") {
            self.report.lines += 1;
            return self.run_out(rest);
        }
        if let Some(rest) = line.strip_prefix("kilde ") {
            return self.source(rest);
        }
        if let Some(rest) = line.strip_prefix("dag ") {
            let registry = self.world.registry();
            let outcome = self.world.day_is_carried_out(&registry, rest)?;
            self.world.keep(&registry, &outcome.changes);
            self.notices = Some((outcome.notices, false));
            return Ok(());
        }
        if let Some(rest) = line.strip_prefix("les ") {
            self.report.lines += 1;
            return self.world.reads(rest);
        }
        if let Some(rest) = line.strip_prefix("meld ") {
            self.report.lines += 1;
            return self.world.reports(rest);
        }
        if let Some(rest) = line.strip_prefix("kalender ") {
            self.report.lines += 1;
            return self.world.day_comes(rest);
        }
        if let Some(rest) = line.strip_prefix("vindu ") {
            self.report.lines += 1;
            return self.world.explained(rest);
        }
        if self.open.is_some() {
            return if indented { self.inside(line) } else { self.close(line) };
        }
        if let Some(rest) = line.strip_prefix("melding ") {
            return self.begin(rest);
        }
        if self.world.set_up(line)? { Ok(()) } else { self.single(line) }
    }

    /// A source says something of a person; the notices may be asked for as after a message.
    fn source(&mut self, line: &str) -> Result<(), Bad> {
        let registry = self.world.registry();
        let outcome = self.world.source_says(&registry, line)?;
        self.world.keep(&registry, &outcome.changes);
        self.notices = Some((outcome.notices, false));
        Ok(())
    }

    fn unread(&mut self) -> Option<Bad> {
        let (left, asked) = self.notices.take()?;
        let left: Vec<String> = left.iter().map(|notice| self.notice_text(notice)).collect();
        (asked && !left.is_empty()).then(|| format!("varsler som ingen linje nevner:\n  {}", left.join("\n  ")))
    }

    fn single(&mut self, line: &str) -> Result<(), Bad> {
        let (line, answer) = line.split_once("=>").ok_or("linjen har ikke =>")?;
        let expected = expected(answer)?;
        let mut words = Words::of(line);
        let dry = words.take("prøv");
        let header = message::header(&mut self.world, &mut words)?;
        let sent = [message::line(&self.world, 1, &mut words)?];
        words.end()?;
        let command = message::command(&self.world, header, Transaksjon::Alt, &sent)?;
        let decision = self.judge(&command)?;
        let person = &decision.persons[0];
        let findings: Vec<&Finding> =
            decision.findings.iter().chain(&person.findings).chain(&person.lines[0].findings).collect();
        let outcome = if decision.status == Status::Avvist { LineOutcome::Avvist } else { person.lines[0].outcome };
        let got = expect::outcome(outcome);
        self.compare(&expected, got, &findings)?;
        self.spent(&expected, &decision)?;
        self.keep(&command, &decision, &sent, dry)
    }

    fn begin(&mut self, line: &str) -> Result<(), Bad> {
        let mut words = Words::of(line);
        let transaksjon = if words.take("PER_PERSON") { Transaksjon::PerPerson } else { Transaksjon::Alt };
        let header = message::header(&mut self.world, &mut words)?;
        words.end()?;
        self.open = Some(Open { header, transaksjon, sent: Vec::new(), persons: Vec::new(), mentions: 0 });
        Ok(())
    }

    fn inside(&mut self, line: &str) -> Result<(), Bad> {
        let (line, answer) = line.split_once("=>").ok_or("linjen har ikke =>")?;
        let expected = expected(answer)?;
        let Some(open) = &mut self.open else { return Ok(()) };
        let mut words = Words::of(line);
        if words.peek().is_some_and(|word| word.starts_with('P')) {
            open.persons.push((open.mentions.saturating_sub(1), expected));
            words.next("person")?;
            return words.end();
        }
        let sent = message::line(&self.world, open.sent.len() + 1, &mut words)?;
        words.end()?;
        open.mentions += usize::from(open.sent.last().is_none_or(|(before, _)| before.person != sent.person));
        open.sent.push((sent, expected));
        Ok(())
    }

    fn close(&mut self, line: &str) -> Result<(), Bad> {
        let Some(open) = self.open.take() else { return Ok(()) };
        let answer = line.strip_prefix("=>").ok_or("meldingen slutter med => STATUS")?;
        let whole = expected(answer)?;
        let (sent, lines): (Vec<Sent>, Vec<Expected>) = open.sent.into_iter().unzip();
        let command = message::command(&self.world, open.header, open.transaksjon, &sent)?;
        let decision = self.judge(&command)?;
        let results = decision.persons.iter().flat_map(|person| &person.lines);
        let mut bad = Vec::new();
        for ((expected, got), sent) in lines.iter().zip(results).zip(&sent) {
            let findings: Vec<&Finding> = got.findings.iter().collect();
            if let Err(error) = self.compare(expected, expect::outcome(got.outcome), &findings) {
                bad.push(format!("linje {}: {error}", sent.line.registrerings_id));
            }
        }
        for (mention, person) in decision.persons.iter().enumerate() {
            let findings: Vec<&Finding> = person.findings.iter().collect();
            let outcome = if person.accepted { "GODTATT" } else { "AVVIST" };
            let result = match open.persons.iter().find(|(of, _)| *of == mention) {
                Some((_, expected)) => self.compare(expected, outcome, &findings),
                None if findings.is_empty() => Ok(()),
                None => Err(format!("fikk    {}", expect::got(outcome, &findings, &self.world))),
            };
            bad.extend(result.err().map(|error| format!("{}: {error}", person.duf_text)));
        }
        let findings: Vec<&Finding> = decision.findings.iter().collect();
        bad.extend(self.compare(&whole, expect::status(decision.status), &findings).err());
        bad.extend(self.spent(&whole, &decision).err());
        bad.extend(self.keep(&command, &decision, &sent, false).err());
        if bad.is_empty() { Ok(()) } else { Err(bad.join("\n  ")) }
    }

    /// Asks twice: the same question has the same answer. What is refused changes nothing and tells nobody.
    fn judge(&mut self, command: &Command) -> Result<Decision, Bad> {
        self.report.lines += 1;
        let (registry, now) = (self.world.registry(), self.world.now()?);
        let state = self.world.state(&registry);
        let mut ids = self.world.ids.clone();
        let decision = decide(&state, command, &self.world.policy, &now, &mut ids);
        let again = decide(&state, command, &self.world.policy, &now, &mut self.world.ids.clone());
        self.world.ids = ids;
        if decision != again {
            return Err("samme melding fikk to svar".into());
        }
        if decision.status == Status::Avvist && !(decision.changes.is_empty() && decision.notices.is_empty()) {
            return Err("en avvist melding endret noe".into());
        }
        let persons =
            decision.persons.iter().flat_map(|p| p.findings.iter().chain(p.lines.iter().flat_map(|l| &l.findings)));
        for finding in decision.findings.iter().chain(persons) {
            self.report.provoked.insert(finding.rejection);
            expect::texts_read_well(finding)?;
        }
        Ok(decision)
    }

    fn compare(&self, expected: &Expected, outcome: &str, findings: &[&Finding]) -> Result<(), Bad> {
        if expected.fits(outcome, findings, &self.world) {
            return Ok(());
        }
        Err(format!("fikk    {}", expect::got(outcome, findings, &self.world)))
    }

    fn spent(&self, expected: &Expected, decision: &Decision) -> Result<(), Bad> {
        match (expected.spent, decision.spends_id) {
            (true, false) => Err("fikk    id ledig".into()),
            (false, true) => Err("fikk    id brukt".into()),
            _ => Ok(()),
        }
    }

    fn keep(&mut self, command: &Command, decision: &Decision, sent: &[Sent], dry: bool) -> Result<(), Bad> {
        let results = decision.persons.iter().flat_map(|person| &person.lines);
        for (sent, result) in sent.iter().zip(results) {
            if let (Some(label), Some(post)) = (&sent.label, &result.post) {
                self.world.name(label, post.post_id);
            }
        }
        let posts = command.persons.iter().zip(&decision.persons).filter(|(_, result)| result.accepted);
        for (_, result) in posts {
            if let Some(line) = result.lines.iter().find(|line| line.post.is_none()) {
                return Err(format!("linje {} er godtatt uten post", line.registrerings_id));
            }
        }
        let before = self.world.persons.clone();
        let registry = self.world.registry();
        self.world.keep(&registry, &decision.changes);
        rows_are_without_gaps(&before, &decision.changes)?;
        self.notices = Some((decision.notices.clone(), false));
        if dry {
            self.world.persons = before;
            let references = &mut self.world.references;
            for (key, _) in decision.changes.iter().flat_map(Change::references) {
                references.remove(&key);
            }
        }
        Ok(())
    }

    fn notice(&mut self, line: &str) -> Result<(), Bad> {
        self.report.lines += 1;
        let (mut left, _) = self.notices.take().ok_or("varsler hører til en melding")?;
        if line == "ingen varsel" {
            self.notices = Some((left, true));
            return self.unread().map_or(Ok(()), Err);
        }
        if left.is_empty() {
            return Err("det er ingen flere varsler".into());
        }
        let got = self.notice_text(&left.remove(0));
        self.notices = Some((left, true));
        let expected = line.split_whitespace().collect::<Vec<_>>().join(" ");
        self.report.told.extend(expected.split(' ').nth(2).map(str::to_owned));
        if got == expected { Ok(()) } else { Err(format!("fikk    {got}")) }
    }

    fn notice_text(&self, addressed: &Addressed) -> String {
        let notice = &addressed.notice;
        let duf = notice.duf.map(|duf| duf.to_string());
        let person =
            (1..=7).map(|n| format!("P{n}")).find(|name| self.world.duf_text(name).ok() == duf).unwrap_or_default();
        let what = match &notice.payload {
            NoticePayload::OrdningEndret { ordning, status, .. } => format!("{} {status}", ordning.code()),
            NoticePayload::PostEndret { posttype, versjon, handling, avsenders_referanse, content, .. } => format!(
                "{handling} {posttype}/{versjon}{}{}",
                avsenders_referanse.as_ref().map(|reference| format!(" ref:{reference}")).unwrap_or_default(),
                if content.is_none() { " uten innhold" } else { "" },
            ),
            NoticePayload::KategoriEndret { kategori, fra, til, aarsak, .. } => format!(
                "{kategori} {fra}..{}{}",
                til.map(|day| day.to_string()).unwrap_or_default(),
                aarsak.as_ref().map(|aarsak| format!(" {aarsak}")).unwrap_or_default(),
            ),
            NoticePayload::FristEndret { fristtype, ordning, dato, .. } => {
                format!("{fristtype} {} {dato}", ordning.code())
            }
            NoticePayload::PersonOeyeblikksbilde { siste, person, .. } => {
                let posts = person.iter().map(|view| view.posts.len()).sum::<usize>();
                format!("{posts} poster{}", if *siste { " siste" } else { "" })
            }
            NoticePayload::Tilflyttet { fra, til, .. } => {
                format!("{}{til}", fra.map(|kommune| format!("{kommune} ")).unwrap_or_default())
            }
            NoticePayload::Annen { tillegg } => {
                tillegg.iter().map(|(name, value)| format!("{name}={value}")).collect::<Vec<_>>().join(" ")
            }
        };
        let opphav = format!("{:?}", notice.opphav);
        let own = notice.meldings_id.is_some();
        let opphav = match opphav.as_str() {
            "EgenMelding" if own => "EGEN_MELDING",
            "AnnenKommune" if !own => "ANNEN_KOMMUNE",
            "Folkeregister" if !own => "FOLKEREGISTER",
            "Udi" if !own => "UDI",
            "Pad" if !own => "PAD",
            "Imdi" if !own => "IMDI",
            "Tid" if !own => "TID",
            other => other,
        };
        format!(
            "varsel {} {} {person} {} {opphav} {what}",
            addressed.avsendersystem, notice.hendelsestype, notice.gjelder_dato
        )
    }

    /// `status PERSON ORDNING DATO STATUS`
    fn status(&mut self, line: &str) -> Result<(), Bad> {
        let mut words = Words::of(line);
        let duf = self.world.duf_text(words.next("person")?)?;
        let ordning = crate::innhold::ordning(words.next("ordning")?)?;
        let (day, expected) = (words.parse("dato")?, words.next("status")?);
        words.end()?;
        let registry = self.world.registry();
        let state = self.world.state(&registry);
        let person = state.persons.values().find(|person| person.duf.to_string() == duf).ok_or("ukjent person")?;
        let scheme = Scheme::of(&self.world.policy, person.posts.iter(), ordning, None);
        let open = person.category_open(ordning, day);
        let got = scheme.status_with(day, open);
        if got == expected { Ok(()) } else { Err(format!("fikk    {got}")) }
    }

    /// `ute PERSON DATO|nei`: whether the programme has run out without a reason, and with which day.
    fn run_out(&mut self, line: &str) -> Result<(), Bad> {
        let mut words = Words::of(line);
        let duf = self.world.duf_text(words.next("person")?)?;
        let expected = words.next("dato eller nei")?;
        words.end()?;
        let registry = self.world.registry();
        let (state, now) = (self.world.state(&registry), self.world.now()?);
        let person = state.persons.values().find(|person| person.duf.to_string() == duf).ok_or("ukjent person")?;
        let row = run_out(&self.world.policy, &now, person, &mut self.world.ids);
        let got = match row.map(|row| (row.valid.from, row.content)) {
            Some((day, register::post::Content::Avslutning(end))) if end.avslutningsaarsak == "SYS0" => day.to_string(),
            Some((_, other)) => other.posttype().to_owned(),
            None => "nei".into(),
        };
        if got == expected { Ok(()) } else { Err(format!("fikk    {got}")) }
    }

    fn check(&mut self, line: &str) -> Result<(), Bad> {
        let mut words = Words::of(line);
        let post = self.world.post(words.next("post")?)?;
        let ends = |last: Option<chrono::NaiveDate>| last.map(|day| day.to_string()).unwrap_or_default();
        let mut wrong = Vec::new();
        while let Some(word) = words.peek() {
            let got = match word {
                "versjon" => post.versjon.to_string(),
                "gyldig" => format!("{}..{}", post.valid.from, ends(post.valid.last())),
                "fortsetter" => post.continues.map_or("ingen".into(), |id| self.world.label_of(id).to_owned()),
                "eier" => post.kommune.to_string(),
                "bydel" => post.bydel.map_or("ingen".into(), |bydel| bydel.to_string()),
                "ref" => post.references.iter().map(|(_, reference)| reference.as_str()).collect::<Vec<_>>().join(","),
                "grunnlag" => used(post.etterregistrering.as_deref()),
                "slettet" if post.annulled => "slettet".into(),
                "slettet" => return Err("posten er ikke slettet".into()),
                other => return Err(format!("forstår ikke «{other}»")),
            };
            let wanted = words.next(word)?;
            if word != "slettet" && words.next(word)? != got {
                wrong.push(format!("{wanted} {got}"));
            }
        }
        if wrong.is_empty() { Ok(()) } else { Err(format!("fikk    {}", wrong.join(" "))) }
    }
}

/// `SEN_KILDE:NIRSUPERBRUKER:2:2021-02-28:åpnet:2021-04-20:K1`: what a registration rested on, as far as it says; `ingen`.
fn used(used: Option<&register::post::Etterregistrering>) -> String {
    let Some(used) = used else { return "ingen".into() };
    let mut all = vec![used.grunnlag.code().to_owned()];
    all.extend(used.rolle.map(|role| role.code().to_owned()));
    all.extend(used.maaneder.map(|months| months.to_string()));
    all.push(used.tidligste.to_string());
    all.extend(used.aapnet.map(|day| format!("åpnet:{day}")));
    all.extend(used.kampanje.clone());
    all.join(":")
}

/// Row numbers go on from the person's last one, one by one (the key of the journal).
fn rows_are_without_gaps(
    before: &std::collections::BTreeMap<register::id::Duf, register::person::Person>,
    changes: &[Change],
) -> Result<(), Bad> {
    let mut last: std::collections::BTreeMap<_, _> =
        before.iter().map(|(duf, person)| (*duf, person.last_row)).collect();
    for change in changes {
        let (duf, row_no) = match change {
            Change::VersionWritten { duf, row } => (duf, row.row_no),
            Change::FactWritten { duf, row } => (duf, row.row_no),
            Change::Beregnet { duf, row } => (duf, row.row_no),
            Change::ReferenceAttached { .. } => continue,
        };
        let at = last.entry(*duf).or_default();
        *at += 1;
        if row_no != *at {
            return Err(format!("raden fikk nummer {row_no}, ikke {at}"));
        }
    }
    Ok(())
}
