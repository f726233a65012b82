//! `plic-chat openapi`: the published specification.

/// Prints the OpenAPI document.
pub fn run() -> anyhow::Result<()> {
    print!("{}", plic_openapi::spec());
    Ok(())
}
