// Sentences of the server in French. The server answers in English; a sentence that is not here is shown as it came, marked
// as English.

import { language } from "./language.js";

/** @type {Map<string, string>} */
const FRENCH = new Map([
  ["You are banned from the chat.", "Vous êtes banni de la discussion."],
  ["Only moderators may do this.", "Seuls les modérateurs peuvent faire cela."],
  ["Only admins may do this.", "Seuls les administrateurs peuvent faire cela."],
  ["Only admins may change the policy.", "Seuls les administrateurs peuvent modifier le règlement."],
  ["Only admins may import rules.", "Seuls les administrateurs peuvent importer des règles."],
  ["Only admins may put a rule in force that matches ordinary chat.", "Seuls les administrateurs peuvent mettre en vigueur une règle qui touche des conversations ordinaires."],
  ["Only admins may ban an admin.", "Seuls les administrateurs peuvent bannir un administrateur."],
  ["Only admins may disconnect an admin.", "Seuls les administrateurs peuvent déconnecter un administrateur."],
  ["An admin set this ban: only admins may replace or lift it.", "Ce bannissement vient d’un administrateur\u00a0: seuls les administrateurs peuvent le remplacer ou le lever."],
  ["Nobody lifts their own ban: another moderator does.", "Personne ne lève son propre bannissement\u00a0: un autre modérateur s’en charge."],
  ["Only the moderator who decided, or an admin, may reopen an incident.", "Seuls le modérateur qui a décidé et les administrateurs peuvent rouvrir un incident."],
  ["The incident is open: there is no decision to take back.", "L’incident est à traiter\u00a0: il n’y a pas de décision à reprendre."],
  ["The text of this incident is gone, because its retention time is over: it cannot be reopened.", "Le texte de cet incident a été effacé, sa durée de conservation étant écoulée\u00a0: il ne peut pas être rouvert."],
  ["This is about your own message: another moderator decides.", "Il s’agit de votre propre message\u00a0: un autre modérateur décide."],
  ["Somebody else was faster. Please read it again, then decide.", "Quelqu’un a été plus rapide. Relisez, puis décidez."],
  ["This does not fit: only a held message can be released, and only a message that was delivered or held can be removed.", "Ce n’est pas possible ici\u00a0: seul un message retenu peut être remis, et seul un message remis ou retenu peut être supprimé."],
  ["The message cannot be delivered any more: its sender has left the room, or the room is gone.", "Le message ne peut plus être remis\u00a0: son expéditeur a quitté le salon, ou le salon n’existe plus."],
  ["The back-test was stopped. Please try again.", "Le test a été interrompu. Réessayez."],
  ["The service is not available right now. Please try again soon.", "Le service est momentanément indisponible. Réessayez bientôt."],
  ["Something went wrong on our side. Please try again.", "Une erreur s’est produite de notre côté. Réessayez."],
  ["There is no such room.", "Ce salon n’existe pas."], ["There is no such incident.", "Cet incident n’existe pas."], ["There is no such ban.", "Ce bannissement n’existe pas."],
  ["There is no such rule.", "Cette règle n’existe pas."], ["There is no such message.", "Ce message n’existe pas."], ["There is no such user.", "Cette personne n’existe pas."],
  ["There is nothing at this address.", "Il n’y a rien à cette adresse."],
]);

/** A sentence of the server in the reader's language, and which language that is. @param {string} sentence */
export function translated(sentence) {
  const french = language() === "fr" ? FRENCH.get(sentence) : undefined;
  return { text: french ?? sentence, lang: french ? "fr" : "en" };
}
