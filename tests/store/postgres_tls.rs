//! TLS to `PostgreSQL`, as the address asks for it.

use std::sync::Arc;

use plic_chat::store::PostgresStore;
use plic_pipeline::store::Store;
use testbed::{Certificates, Postgres, PostgresOptions};

use crate::engine::{Recorder, postgres::settings};

async fn opens(postgres: &Postgres, parameters: &str) -> bool {
    let settings = settings(format!("{}?{parameters}", postgres.url("chat")), false);
    match PostgresStore::open(&settings, Arc::new(Recorder::default())).await {
        Ok(store) => {
            store.ping().await.expect("answers");
            store.close().await;
            true
        }
        Err(_) => false,
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_server_is_verified_as_far_as_the_address_asks() {
    let (ours, others) = (Certificates::new(), Certificates::new());
    let postgres = Postgres::with(&PostgresOptions { tls: Some(&ours), ..PostgresOptions::default() });
    postgres.create_database("chat");
    let verify = |mode: &str, authority: &Certificates| {
        format!("sslmode={mode}&sslrootcert={}", authority.ca().display())
    };
    assert!(opens(&postgres, "sslmode=require").await);
    assert!(opens(&postgres, &verify("verify-full", &ours)).await);
    assert!(opens(&postgres, &verify("verify-ca", &ours)).await);
    assert!(!opens(&postgres, &verify("verify-full", &others)).await);
    assert!(!opens(&postgres, &verify("verify-ca", &others)).await);
    assert!(!opens(&postgres, "sslmode=verify-full").await, "nobody whom all trust has signed it");
    assert!(!opens(&postgres, "sslmode=disable").await, "the server takes TLS alone");
}
