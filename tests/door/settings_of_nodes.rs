//! The settings of several nodes, as whoever runs the program meets them: nothing is connected to.

use crate::settings::{LISTEN, TOKENS, folder, refused_naming, run_in};

const POSTGRES: (&str, &str) = ("DATABASE_URL", "postgres://chat:hunter2@db.example/chat");
const NATS: (&str, &str) = ("NATS_URL", "nats://nats.example:4222");

#[tokio::test]
async fn settings_of_several_nodes_that_do_not_fit_together_are_refused_by_name() {
    let folder = folder();
    let here = folder.path().join("here");
    std::fs::write(&here, "").expect("the file is written");
    let here = here.to_str().expect("a path of text");
    let cases: [(&str, &[(&str, &str)]); 13] = [
        ("NATS_URL", &[NATS]),
        ("PLIC_DATABASE_POOLER", &[("PLIC_DATABASE_POOLER", "transaction")]),
        (
            "DATABASE_URL",
            &[
                ("DATABASE_URL", "postgres://db.example/chat?options=-c%20a.b%3D1"),
                ("PLIC_DATABASE_POOLER", "transaction"),
            ],
        ),
        ("NATS_TOKEN", &[POSTGRES, ("NATS_TOKEN", "t")]),
        ("NATS_CA_FILE", &[POSTGRES, ("NATS_CA_FILE", here)]),
        ("NATS_PASSWORD", &[POSTGRES, NATS, ("NATS_USER", "chat")]),
        ("NATS_USER", &[POSTGRES, NATS, ("NATS_PASSWORD", "p")]),
        ("NATS_KEY_FILE", &[POSTGRES, NATS, ("NATS_CERTIFICATE_FILE", here)]),
        ("NATS_CERTIFICATE_FILE", &[POSTGRES, NATS, ("NATS_KEY_FILE", here)]),
        ("NATS_TOKEN", &[POSTGRES, NATS, ("NATS_TOKEN", "t"), ("NATS_NKEY_FILE", here)]),
        ("NATS_TOKEN", &[POSTGRES, ("NATS_URL", "nats://chat:p@nats.example"), ("NATS_TOKEN", "t")]),
        ("NATS_CREDENTIALS_FILE", &[POSTGRES, NATS, ("NATS_CREDENTIALS_FILE", "missing")]),
        ("NATS_CA_FILE", &[POSTGRES, NATS, ("NATS_CA_FILE", "missing")]),
    ];
    for (setting, settings) in cases {
        println!("{settings:?}");
        for command in ["serve", "check-config"] {
            let settings = [&[LISTEN, TOKENS], settings].concat();
            refused_naming(&run_in(folder.path(), command, &settings).await, setting);
        }
    }
}

#[tokio::test]
async fn check_config_hides_the_passwords_of_several_nodes() {
    let folder = folder();
    for database in
        ["postgres://chat:hunter2@db.example:5432/chat", "postgresql://db.example:5432/chat?password=hunter2"]
    {
        for (nats, more) in [
            ("nats://chat:hunter2@a.example,tls://chat:hunter2@b.example:4443", ("NATS_CA_FILE", "")),
            ("nats://hunter2@a.example,tls://b.example:4443", ("NATS_CA_FILE", "")),
            ("nats://a.example,tls://b.example:4443", ("NATS_TOKEN", "hunter2")),
        ] {
            let settings = [LISTEN, TOKENS, ("DATABASE_URL", database), ("NATS_URL", nats), more];
            let ended = run_in(folder.path(), "check-config", &settings).await;
            assert!(ended.status.success(), "{ended:?}");
            assert!(!format!("{ended:?}").contains("hunter2"), "{ended:?}");
            for shown in ["db.example:5432/chat", "nats://a.example", "tls://b.example:4443"] {
                assert!(ended.stdout.contains(shown), "{shown}: {ended:?}");
            }
        }
    }
}

#[tokio::test]
async fn dev_is_for_a_file_of_its_own() {
    let folder = folder();
    refused_naming(&run_in(folder.path(), "dev", &[LISTEN, POSTGRES]).await, "DATABASE_URL");
    refused_naming(&run_in(folder.path(), "dev", &[LISTEN, NATS]).await, "NATS_URL");
    refused_naming(&run_in(folder.path(), "dev", &[LISTEN, POSTGRES, NATS]).await, "DATABASE_URL");
}
