//! The queues: messages are taken by the world, which delivers them late, twice, or never.

use std::sync::Arc;

use async_trait::async_trait;
use tokio::sync::mpsc::UnboundedSender;
use vio_runtime::queues::{
    CalendarMessage, DialMessage, InboxMessage, JobMessage, LetterWork, MessageWork, NoticeWork,
    OutgoingMessage, QueueError, Queues,
};

use crate::fabric::Fabric;
use crate::process::point;

/// A message on its way.
#[derive(Debug, Clone)]
pub(crate) enum Message {
    Dial(DialMessage, u32),
    Inbox(InboxMessage),
    Notices(NoticeWork),
}

/// The sending side.
pub(crate) struct SimQueues {
    pub(crate) fabric: Arc<Fabric>,
    pub(crate) out: UnboundedSender<Message>,
}

impl SimQueues {
    async fn send(&self, message: Message) -> Result<(), QueueError> {
        point().await;
        let rough = self.fabric.rough;
        if crate::process::me().is_some()
            && self.fabric.strikes(rough.messages, 400, "queue: refused")
        {
            return Err(QueueError("the queue is away".into()));
        }
        let _ = self.out.send(message);
        point().await;
        Ok(())
    }
}

#[async_trait]
impl Queues for SimQueues {
    async fn dial(&self, message: DialMessage, delay_seconds: u32) -> Result<(), QueueError> {
        let tenant = message.tenant;
        self.fabric.note(Some(tenant), || {
            format!("wake-up sent, in {delay_seconds} s")
        });
        self.fabric.count("messages: dial");
        self.fabric.woken(tenant);
        self.send(Message::Dial(message, delay_seconds)).await
    }

    async fn inbox(&self, message: InboxMessage) -> Result<(), QueueError> {
        self.fabric.count("messages: inbox");
        self.send(Message::Inbox(message)).await
    }

    /// Nobody in these worlds has a calendar of their own.
    async fn calendar(&self, _message: CalendarMessage) -> Result<(), QueueError> {
        self.fabric.count("messages: calendar");
        Ok(())
    }

    /// Nobody in these worlds imports a file.
    async fn job(&self, _message: JobMessage) -> Result<(), QueueError> {
        self.fabric.count("messages: job");
        Ok(())
    }

    /// Nobody in these worlds writes to people.
    async fn message(&self, _message: MessageWork) -> Result<(), QueueError> {
        self.fabric.count("messages: message");
        Ok(())
    }

    /// Nor to each other.
    async fn letter(&self, _letter: LetterWork) -> Result<(), QueueError> {
        self.fabric.count("messages: letter");
        Ok(())
    }

    async fn notices(&self, work: NoticeWork) -> Result<(), QueueError> {
        self.fabric.count("messages: notices");
        let _ = self.out.send(Message::Notices(work));
        Ok(())
    }

    /// Nobody in these worlds is told what happens.
    async fn outgoing(
        &self,
        _message: OutgoingMessage,
        _delay_seconds: u32,
    ) -> Result<(), QueueError> {
        self.fabric.count("messages: outgoing");
        Ok(())
    }
}
