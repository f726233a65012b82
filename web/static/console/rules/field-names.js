// What the fields of a rule are called, and what each is for, in plain words.

import { dictionary } from "../../shared/language.js";

/** @type {Record<string, [string, string]>} The name of a field, and its hint. */
const en = {
  name: ["Name", "What moderators will call it. Say what it catches: “Keys through a paid middleman”."],
  kind: ["Kind", "How the rule finds what it looks for."],
  category: ["Category", "What the rule is about. It sorts the queue and the numbers."],
  action: ["What happens to a message", ""],
  state: ["State", "A draft does nothing, the shadow only counts, live is in force, retired is kept for the record."],
  languages: ["Languages", "The messages that it judges, such as “fr, en”; one whose language is not sure counts as any. Empty: all."],
  rooms: ["Rooms", "Numbers of the rooms that it is for, such as “7, 12”. Empty: all rooms."],
  source: ["Which words", "Your own list, or one that comes with the program."],
  terms: ["Words and phrases", "One a line. Accents, capitals and disguises (k.e.y, k3y) need not be written out: they are found too."],
  match: ["Where in the text", "Whole words is right nearly always: “ass” is not found in “class”."],
  lexicon: ["Built-in list", "Kept by the program, with its variants."],
  pattern: ["Pattern", "A regular expression. \\d is a digit, \\w a letter, {6,} six times or more, | is “or”. Look-around and back-references do not exist here."],
  view: ["Read the text", "How the text is prepared before the pattern looks at it."],
  at_least: ["At least so many of them", "2 means: two different things from the list have to be said."],
  of: ["Of these things", "Each is a family of phrases, in English and French, that the program knows."],
  within_words: ["Within so many words", "How near to each other. Empty: anywhere in the sender’s last messages in the room."],
  define: ["Things of your own", "A name without spaces, and its phrases, one a line. They count among the things above."],
  domains: ["Sites to find", "One a line. “site.example” with all below it, “*.example” only what is below, “*” any link."],
  allow_domains: ["Sites that are fine", "One a line: your own, for instance. An address that only looks like one of them is found."],
  shorteners: ["Also links that hide where they lead (shorteners)", "Such as bit.ly."],
  head: ["What the classifier looks for", "It was trained on examples and gives each text a score."],
  threshold: ["From which score on", "Between 0 and 1. Higher: fewer messages, surer ones. Watch the scores in the trial beside."],
  same_text: ["The same text in a room: so often is fine", "Once more is a match. Empty: not counted."],
  similar_in_rooms: ["The same or a similar text to other rooms: so many are fine", "One more is a match, also when a name or a date in it changes. Empty: not counted."],
  first_contacts: ["First messages to other rooms: so many are fine", "One more is a match, whatever it says. Empty: not counted."],
  with_concepts: ["Only with one of these things", "One a line, such as “untraceable_payment” or “money_demand”. Empty: whatever is said."],
  window_seconds: ["Within so many seconds", "60 is a minute, 3600 an hour: the longest that is counted over rooms."],
  unless: ["Unless it says", "Phrases that lift a match near them in the same sentence, one a line: “never pay”, “beware of”."],
  must_match: ["Must be caught", "Examples, one a line. They are the rule’s own tests: while one fails, the rule cannot go live."],
  must_not_match: ["Must be left alone", "Harmless sentences that look alike, one a line. The more, the fewer false alarms."],
  note: ["Note", "Why the rule is there: who comes after you will be glad."],
};
/** @type {Record<string, [string, string]>} */
const fr = {
  name: ["Nom", "Le nom que verront les modérateurs. Dites ce que la règle attrape : « Clés par un intermédiaire payant »."],
  kind: ["Type", "La façon dont la règle trouve ce qu’elle cherche."],
  category: ["Catégorie", "Le sujet de la règle. Elle classe la file d’attente et les chiffres."],
  action: ["Ce qu’il advient du message", ""],
  state: ["État", "Un brouillon ne fait rien, l’essai ne fait que compter, en vigueur s’applique, retirée est gardée pour mémoire."],
  languages: ["Langues", "Les messages concernés, par exemple « fr, en » ; un message dont la langue est incertaine compte pour toutes. Vide : toutes."],
  rooms: ["Salons", "Numéros des salons concernés, par exemple « 7, 12 ». Vide : tous les salons."],
  source: ["Quels mots", "Votre propre liste, ou une liste fournie avec le programme."],
  terms: ["Mots et expressions", "Un par ligne. Inutile d’écrire les accents, majuscules et déguisements (c.l.é, cl3) : ils sont trouvés aussi."],
  match: ["Où dans le texte", "Mots entiers convient presque toujours : « con » n’est pas trouvé dans « concert »."],
  lexicon: ["Liste fournie", "Tenue par le programme, avec ses variantes."],
  pattern: ["Motif", "Une expression rationnelle. \\d est un chiffre, \\w une lettre, {6,} six fois ou plus, | veut dire « ou ». Pas de regard avant ou arrière ni de renvoi."],
  view: ["Lire le texte", "Comment le texte est préparé avant que le motif le regarde."],
  at_least: ["Au moins tant d’entre eux", "2 veut dire : deux indices différents de la liste doivent être présents."],
  of: ["Parmi ces indices", "Chacun est une famille d’expressions, en français et en anglais, que le programme connaît."],
  within_words: ["À tant de mots au plus", "La distance entre eux. Vide : n’importe où dans les derniers messages de l’auteur dans le salon."],
  define: ["Vos propres indices", "Un nom sans espace et ses expressions, une par ligne. Ils comptent avec les indices ci-dessus."],
  domains: ["Sites à trouver", "Un par ligne. « site.example » avec ses sous-domaines, « *.example » seulement ceux-ci, « * » tout lien."],
  allow_domains: ["Sites sans problème", "Un par ligne : le vôtre par exemple. Une adresse qui ne fait que lui ressembler est trouvée."],
  shorteners: ["Aussi les liens qui cachent leur destination (raccourcisseurs)", "Comme bit.ly."],
  head: ["Ce que cherche le classifieur", "Il a appris sur des exemples et donne un score à chaque texte."],
  threshold: ["À partir de quel score", "Entre 0 et 1. Plus haut : moins de messages, mais plus sûrs. Regardez les scores de l’essai à côté."],
  same_text: ["Même texte dans un salon : nombre permis", "Une fois de plus et la règle s’applique. Vide : non compté."],
  similar_in_rooms: ["Texte identique ou semblable dans d’autres salons : nombre permis", "Un de plus et la règle s’applique, même si un nom ou une date y change. Vide : non compté."],
  first_contacts: ["Premiers messages dans d’autres salons : nombre permis", "Un de plus et la règle s’applique, quel que soit le texte. Vide : non compté."],
  with_concepts: ["Seulement avec un de ces indices", "Un par ligne, par exemple « untraceable_payment » ou « money_demand ». Vide : quel que soit le texte."],
  window_seconds: ["En tant de secondes", "60 font une minute, 3600 une heure : le maximum pour ce qui est compté d’un salon à l’autre."],
  unless: ["Sauf si on y lit", "Expressions qui lèvent une correspondance proche dans la même phrase, une par ligne : « ne payez jamais », « attention à »."],
  must_match: ["Doit être attrapé", "Des exemples, un par ligne. Ce sont les tests de la règle : tant qu’un échoue, elle ne peut entrer en vigueur."],
  must_not_match: ["Ne doit pas être trouvé", "Des phrases anodines qui ressemblent, une par ligne. Plus il y en a, moins il y a de fausses alertes."],
  note: ["Note", "Pourquoi cette règle existe : la personne suivante vous remerciera."],
};
const words = dictionary(en, fr);

/** What the field is called. @param {string} field */
export const fieldName = (field) => words()[field]?.[0] ?? (field.startsWith("define ") ? `${words().define[0]} · ${field.slice(7)}` : field);

/** What the field is for. @param {string} field */
export const fieldHint = (field) => words()[field]?.[1] ?? "";
