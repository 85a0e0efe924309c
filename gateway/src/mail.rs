//! Mail to any SMTP server, or to a folder (design.md 8, Notices). What is sent holds no personal data.

use lettre::message::Mailbox;
use lettre::message::header::ContentType;
use lettre::{AsyncFileTransport, AsyncSmtpTransport, AsyncTransport as _, Message, Tokio1Executor};
use uuid::Uuid;

use crate::clock;
use crate::config;

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
        let server = AsyncSmtpTransport::<Tokio1Executor>::from_url(&mail.server)?.build();
        Ok(Some(Post::Server(server, from()?)))
    }

    /// Sends one mail to all of them; an address that is none is passed over.
    pub async fn send(&self, to: &[String], subject: &str, text: &str) -> anyhow::Result<()> {
        let (Post::Server(_, from) | Post::Folder(_, from)) = self;
        let id = format!("<{}@{}>", Uuid::new_v4(), from.email.domain());
        let mut message = Message::builder().from(from.clone()).subject(subject).date(clock::now().into());
        message = message.message_id(Some(id));
        for address in to.iter().filter_map(|address| address.parse::<Mailbox>().ok()) {
            message = message.to(address);
        }
        let message = message.header(ContentType::TEXT_PLAIN).body(text.to_owned())?;
        match self {
            Post::Server(server, _) => server.send(message).await.map(drop)?,
            Post::Folder(folder, _) => folder.send(message).await.map(drop)?,
        }
        Ok(())
    }
}
