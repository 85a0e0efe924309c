//! A lane of its own for an operator's command: what it does is chained in the evidence like any message.

use std::sync::Arc;

use anyhow::Context as _;
use register::codes::Catalogue;
use register::evidence::payload::MasterKey;
use register::id::Orgnr;
use register::ledger::{Done, Effect, Exchange, InternalCommand, Job, Lane, LaneConfig, Work};
use register::policy::Policy;
use register::store::Store;

use crate::app::PresentKeys;
use crate::clock;
use crate::config::Config;
use crate::ids::RandomIds;
use crate::serve;
use crate::translate::receipt::Renderer;

/// The lane of one command.
pub struct Operator {
    lane: Lane,
    signer: Orgnr,
    operation: &'static str,
}

impl Operator {
    /// Opens a chain that is named after the node and the command.
    pub async fn open(config: &Config, store: &Store, operation: &'static str) -> anyhow::Result<Self> {
        let keys = serve::answer_keys(config)?;
        let signer = keys.organization().context("the signing certificate names no organization")?;
        let policy = Arc::new(Policy::embedded(config.profile)?);
        let config = LaneConfig {
            node: format!("{}.{operation}", config.node.name),
            lane: 0,
            master_key: MasterKey::new(config.evidence.master_key()?),
            policy,
            render: Arc::new(Renderer { catalogue: Catalogue::embedded() }),
            checkpoints: Arc::new(PresentKeys::new(keys)),
            ids: Box::new(RandomIds),
        };
        let lane = Lane::open(store.clone(), config, clock::now()).await?;
        Ok(Operator { lane, signer, operation })
    }

    /// Commits one command, with what it was made from as its request; what came of it, in words.
    pub async fn commit(&mut self, command: InternalCommand, request: Vec<u8>) -> anyhow::Result<String> {
        let done = self.work(Work::Internal(Box::new(command)), request).await?;
        Ok(String::from_utf8_lossy(&done.answer).into_owned())
    }

    /// Keeps what an operator does beside the register, with what it was made from as its request.
    pub async fn keep(&mut self, effect: Effect, request: Vec<u8>) -> anyhow::Result<()> {
        let (answer, outcome) = (Vec::new(), "OK".to_owned());
        self.work(Work::RecordWith { answer, outcome, effect: Box::new(effect) }, request).await.map(drop)
    }

    async fn work(&mut self, work: Work, request: Vec<u8>) -> anyhow::Result<Done> {
        let exchange = Exchange {
            operation: self.operation,
            signer: self.signer,
            avsendersystem: None,
            meldings_id: None,
            user: None,
            request: request.into(),
            received: clock::now(),
        };
        let job = Job { exchange, work };
        let done = self.lane.commit(&[job], clock::now()).await.pop().context("the ledger gave no outcome")?;
        done.with_context(|| format!("{} stopped; what was committed before stands", self.operation))
    }

    /// Signs the head of the chain.
    pub async fn close(self) -> anyhow::Result<()> {
        Ok(self.lane.close(clock::now()).await?)
    }
}
