//! Another name for a database that was put back to an earlier state.

use sqlx::{query, query_scalar};
use uuid::Uuid;

use super::{
    guards,
    open::{self, OpenError, PostgresSettings},
    reach::Reach,
};

/// Gives the database a new epoch, which says that ids may start over; refused where its schema has a trigger, a rule or a view
/// whose name no migration makes, and while nodes have said within a minute that they live.
pub async fn new_epoch(settings: &PostgresSettings) -> Result<Uuid, OpenError> {
    let reach = Reach::new(settings)?;
    let mut connection = open::connect(&reach).await?;
    let epoch = Uuid::new_v4();
    connection.run(reach.write()).await?;
    let is_used: bool =
        query_scalar("SELECT EXISTS (SELECT FROM nodes WHERE seen_at > (SELECT moment() - 60000000))")
            .fetch_one(&mut connection)
            .await?;
    if is_used {
        connection.run("ROLLBACK").await?;
        connection.close().await?;
        return Err(OpenError::InUse);
    }
    if let Some(object) = guards::foreign(&mut connection).await? {
        connection.run("ROLLBACK").await?;
        connection.close().await?;
        return Err(OpenError::Foreign(object));
    }
    query("UPDATE meta SET epoch = $1").bind(epoch).execute(&mut connection).await?;
    connection.run("COMMIT").await?;
    connection.close().await?;
    Ok(epoch)
}
