//! Mail to any SMTP server, or to a folder (design.md 8, Notices). What is sent holds no personal data.

use anyhow::Context as _;
use lettre::message::Mailbox;
use lettre::message::header::ContentType;
use lettre::transport::smtp;
use lettre::transport::smtp::client::{Certificate, CertificateStore, Tls, TlsParameters};
use lettre::{AsyncFileTransport, AsyncSmtpTransport, AsyncTransport as _, Message, Tokio1Executor};
use register::store::varsel::{Brev, Epost};
use uuid::Uuid;

use crate::config;

pub mod outbox;

/// Where mail goes.
pub enum Post {
    /// A server.
    Server(AsyncSmtpTransport<Tokio1Executor>, Mailbox),
    /// A folder: one file each, as in a sandbox.
    Folder(AsyncFileTransport<Tokio1Executor>, Mailbox),
}

impl Post {
    /// As configured; `None` where no mail is sent.
    pub fn open(mail: &config::Mail) -> anyhow::Result<Option<Self>> {
        let from = || mail.from.parse::<Mailbox>();
        if let Some(folder) = &mail.folder {
            std::fs::create_dir_all(folder)?;
            return Ok(Some(Post::Folder(AsyncFileTransport::new(folder), from()?)));
        }
        if mail.server.is_empty() {
            return Ok(None);
        }
        let mut server = AsyncSmtpTransport::<Tokio1Executor>::from_url(&mail.server)?;
        if let Some(tls) = tls(mail)? {
            server = server.tls(tls);
        }
        Ok(Some(Post::Server(server.build(), from()?)))
    }

    /// A mail to each of them, with the id that it keeps; an address that is none is passed over.
    pub fn letters(&self, to: &[String], emne: &str, tekst: &str) -> Vec<Brev> {
        let (Post::Server(_, from) | Post::Folder(_, from)) = self;
        let letter = |mottaker: &String| {
            let id = Uuid::new_v4();
            let message_id = format!("<{id}@{}>", from.email.domain());
            Brev { id, message_id, mottaker: mottaker.clone(), emne: emne.to_owned(), tekst: tekst.to_owned() }
        };
        to.iter().filter(|address| address.parse::<Mailbox>().is_ok()).map(letter).collect()
    }

    /// Sends it: the same bytes however often. Or says why not, without an address: servers repeat those in their answers.
    async fn send(&self, mail: &Epost) -> Result<(), String> {
        let (Post::Server(_, from) | Post::Folder(_, from)) = self;
        let brev = &mail.brev;
        let to = brev.mottaker.parse::<Mailbox>().map_err(|_| "the recipient has no mail address".to_owned())?;
        let message = Message::builder()
            .from(from.clone())
            .to(to)
            .subject(&brev.emne)
            .date(mail.skrevet.into())
            .message_id(Some(brev.message_id.clone()))
            .header(ContentType::TEXT_PLAIN)
            .body(brev.tekst.clone())
            .map_err(|error| error.to_string())?;
        match self {
            Post::Server(server, _) => server.send(message).await.map(drop).map_err(|error| reason(&error)),
            Post::Folder(folder, _) => folder.send(message).await.map(drop).map_err(|error| error.to_string()),
        }
    }
}

fn reason(error: &smtp::Error) -> String {
    match error.status() {
        Some(code) => format!("the server answered {code}"),
        None if error.is_response() => "the answer of the server cannot be read".to_owned(),
        None => error.to_string(),
    }
}

/// TLS with the anchors of the configuration and no others; `None` where it names none.
pub fn tls(mail: &config::Mail) -> anyhow::Result<Option<Tls>> {
    if mail.anchors.is_empty() {
        return Ok(None);
    }
    let server: hyper::Uri = mail.server.parse().context("mail.server is no address")?;
    let host = server.host().context("mail.server names no host")?;
    let host = host.trim_start_matches('[').trim_end_matches(']');
    let mut parameters = TlsParameters::builder(host.to_owned()).certificate_store(CertificateStore::None);
    for anchor in &mail.anchors {
        let pem = std::fs::read(anchor).with_context(|| format!("cannot read {}", anchor.display()))?;
        let anchor = Certificate::from_pem(&pem).with_context(|| format!("{} is unusable", anchor.display()))?;
        parameters = parameters.add_root_certificate(anchor);
    }
    let parameters = parameters.build_rustls().context("the anchors of the mail server are unusable")?;
    let wanted = server.query().unwrap_or_default().split('&').find_map(|pair| pair.strip_prefix("tls="));
    // As lettre reads the address itself.
    Ok(Some(match (server.scheme_str(), wanted) {
        (Some("smtps"), _) => Tls::Wrapper(parameters),
        (_, Some("required")) => Tls::Required(parameters),
        (_, Some("opportunistic")) => Tls::Opportunistic(parameters),
        _ => anyhow::bail!("mail.server names no TLS: smtps://host or smtp://host?tls=required"),
    }))
}
