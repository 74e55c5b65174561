//! Everything together: started in parallel, ended in order.

mod plan;
mod reload;
mod servers;
mod stores;

use std::collections::BTreeSet;
use std::path::Path;
use std::pin::{Pin, pin};
use std::sync::Arc;
use std::time::Instant;

use bytes::Bytes;
use tokio::sync::mpsc::{UnboundedReceiver, UnboundedSender, unbounded_channel};

use crate::children::{self, Children};
use crate::control::Control;
use crate::data::{self, Data};
use crate::gateway::Gateway;
use crate::lambda::{Lambda, NoStart};
use crate::options::Up;
use crate::pages::Pages;
use crate::ready::Ready;
use crate::{Error, banner, people, postgres, say, signals};
use plan::Plan;
pub use servers::Servers;
use stores::Stores;

/// A running stack; ended in order by [`Stack::stop`], and at once when dropped.
#[derive(Debug)]
pub struct Stack {
    ready: Ready,
    servers: Arc<Servers>,
    stores: Stores,
    lambda: Lambda,
    gateway: Gateway,
    control: Control,
    pages: Pages,
    _closing: Closing,
}

/// Ends all instances when it is dropped: a start that is given up leaves none.
#[derive(Debug)]
struct Closing(Lambda);

/// What a running stack hears of itself.
struct News<'a> {
    /// Servers that ended unasked.
    lost: UnboundedReceiver<&'static str>,
    /// Functions that do not come up.
    troubles: UnboundedReceiver<NoStart>,
    /// The template they are from.
    template: &'a Path,
}

/// `maru-local up`: starts everything, tells where it is, and ends it when asked to.
///
/// # Errors
/// Whatever keeps it from starting or going on; nothing is left running then.
pub async fn up(options: Up) -> Result<(), Error> {
    let template = options.template.clone().unwrap_or_else(data::template);
    let folder = data::folder(options.place.data.as_deref(), &template);
    say::note(format_args!("starting on {}", folder.display()));
    let data = Data::take(&folder, options.reset)?;
    if data.is_new() {
        postgres::forget(data.root())?;
    }
    signals::survive_file_limit();
    let (children, lost) = Children::new();
    let outcome = run(&options, &template, &data, &children, lost).await;
    children.end().await;
    if options.temporary {
        postgres::forget(data.root())?;
        data.remove().await?;
    }
    outcome
}

/// Starts, waits, ends.
async fn run(
    options: &Up,
    template: &Path,
    data: &Data,
    children: &Children,
    lost: UnboundedReceiver<&'static str>,
) -> Result<(), Error> {
    let (sender, troubles) = unbounded_channel();
    let mut news = News {
        lost,
        troubles,
        template,
    };
    let mut end = pin!(told_to_end(options.parent_pipe));
    let stack = tokio::select! {
        // In this order: a function that does not come up is why something else failed.
        biased;
        () = end.as_mut() => {
            say::note("ending");
            return Ok(());
        }
        Some(trouble) = news.troubles.recv() => return Err(Error::no_start(&trouble, template)),
        stack = Box::pin(Stack::start(options, template, data, children, sender)) => {
            match (stack, news.troubles.try_recv()) {
                (Err(_), Ok(trouble)) => return Err(Error::no_start(&trouble, template)),
                (stack, _) => stack?,
            }
        }
    };
    stack.tell(options.json);
    let outcome = news.follow(&stack, end).await;
    say::note("ending");
    tokio::select! {
        () = stack.stop() => {}
        // Asked twice: the guards still end their servers in order, nothing else is waited for.
        () = signals::asked_to_end() => {}
    }
    outcome
}

impl Stack {
    /// Starts every part on `data`, as `template` says; what can, at the same time.
    ///
    /// # Errors
    /// The first that fails.
    pub async fn start(
        options: &Up,
        template: &Path,
        data: &Data,
        children: &Children,
        troubles: UnboundedSender<NoStart>,
    ) -> Result<Self, Error> {
        let since = Instant::now();
        let plan = Plan::make(options)?;
        let servers = Arc::new(Servers::describe(options, data, &plan, children)?);
        let template = plan.template(options, template, &servers)?;
        let ((stores, created), ()) = tokio::try_join!(
            Stores::start(data, &plan, &template),
            servers.start(options.faults, &plan),
        )?;
        let lambda = plan
            .lambda(options, data, &template, &stores, troubles)
            .await?;
        let closing = Closing(lambda.clone());
        migrate(&lambda, &data.log("migrate")).await?;
        lambda.follow_buckets(&template.buckets, created);
        lambda.follow_schedules(&template.schedules);
        reload::watch(&lambda);
        let mut ready = plan.ready(data, &template, &servers, &stores, &lambda);
        let control = Control::start(plan.control(), &plan.faults, &lambda, &servers).await?;
        let gateway = plan.gateway(&template, &lambda).await?;
        ready.people = people::meet(&ready).await?;
        let pages = Pages::start(plan.pages(), &ready).await?;
        ready.keep()?;
        say::ready("ready", "", since);
        Ok(Self {
            ready,
            servers,
            stores,
            lambda,
            gateway,
            control,
            pages,
            _closing: closing,
        })
    }

    /// Ends every part in order: who asks before who answers.
    pub async fn stop(self) {
        tokio::join!(self.control.stop(), self.pages.stop());
        self.gateway.stop().await;
        self.lambda.stop().await;
        self.stores.stop().await;
        self.servers.stop().await;
    }

    fn tell(&self, json: bool) {
        if json {
            say::answer(self.ready.line());
        } else {
            banner::print(&self.ready);
        }
    }
}

impl Drop for Closing {
    fn drop(&mut self) {
        self.0.close();
    }
}

impl News<'_> {
    /// Tells what there is to tell until the stack is to end, or cannot go on.
    async fn follow(
        mut self,
        stack: &Stack,
        mut end: Pin<&mut impl Future<Output = ()>>,
    ) -> Result<(), Error> {
        let mut told = BTreeSet::new();
        loop {
            tokio::select! {
                () = end.as_mut() => return Ok(()),
                name = self.lost.recv() => return Err(stack.servers.lost(name)),
                Some(trouble) = self.troubles.recv() => {
                    // Each call of it fails in the same way.
                    if told.insert(trouble.function.clone()) {
                        say::note(Error::no_start(&trouble, self.template));
                    }
                }
            }
        }
    }
}

/// Brings schema and signing keys up to date, as a deployment does.
async fn migrate(lambda: &Lambda, log: &Path) -> Result<(), Error> {
    let since = Instant::now();
    let answer = lambda.invoke("migrate", Bytes::from_static(b"{}")).await;
    answer.map_err(|error| {
        let (log, tail) = (log.display(), children::tail(log));
        Error::Said(format!(
            "migrating failed: {error}; the end of {log} says:\n{tail}"
        ))
    })?;
    say::ready("migrate", "schema and signing keys are up to date", since);
    Ok(())
}

async fn told_to_end(parent_pipe: bool) {
    let parent_gone = async {
        if parent_pipe {
            signals::input_ended().await;
        } else {
            std::future::pending::<()>().await;
        }
    };
    tokio::select! {
        () = signals::asked_to_end() => {}
        () = parent_gone => {}
    }
}
