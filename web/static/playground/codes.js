// What each close code means and what a client does then (the contract's table, RFC 6455 section 7.4.1).

import { dictionary } from "../shared/language.js";

/** @type {() => Record<number, string>} */
const meanings = dictionary(
  {
    1000: "Closed normally.", 1001: "The page went away.", 1002: "The client broke the WebSocket protocol (RFC 6455).", 1005: "Closed without a code.",
    1006: "The connection was lost: no close frame came. Reconnect with a growing, jittered delay.", 1007: "A text frame was not UTF-8.",
    4001: "No access token was provided.", 4002: "The token is not valid, or it ran out while connected. Get another one; do not reconnect with this one.",
    4003: "You were away for longer than the operator allows.", 4004: "A moderator disconnected you. Do not reconnect by yourself.",
    4005: "You are banned. Do not reconnect by yourself.",
    4006: "A server error. Reconnect with a growing, jittered delay.", 4007: "The server is shutting down. Reconnect with a growing, jittered delay.",
    4008: "You connected from a new device, and a user has one connection. Do not reconnect by yourself: two tabs would evict each other for ever.",
    4009: "Closed for another cause: no heartbeat, or you read too slowly. Reconnect with a growing, jittered delay.",
    4010: "A command had a bad structure: not JSON, an unknown type, a missing key, an empty or too long message, a binary frame.",
    4011: "A filter rule blocked the message, and it was not delivered. The Disconnection frame says what it was.",
    4012: "You did something that you may not do here: another’s room, a refused origin, a flood.",
  },
  {
    1000: "Fermée normalement.", 1001: "La page est partie.", 1002: "Le client n’a pas respecté le protocole WebSocket (RFC 6455).", 1005: "Fermée sans code.",
    1006: "La connexion est perdue : aucune trame de fermeture n’est venue. Reconnectez-vous avec un délai croissant et aléatoire.",
    1007: "Une trame de texte n’était pas en UTF-8.",
    4001: "Aucun jeton d’accès n’a été fourni.",
    4002: "Le jeton n’est pas valable, ou a expiré pendant la connexion. Obtenez-en un autre ; ne vous reconnectez pas avec celui-ci.",
    4003: "Vous avez été absent plus longtemps que l’opérateur ne le permet.", 4004: "Un modérateur vous a déconnecté. Ne vous reconnectez pas de vous-même.",
    4005: "Vous êtes banni. Ne vous reconnectez pas de vous-même.",
    4006: "Une erreur du serveur. Reconnectez-vous avec un délai croissant et aléatoire.",
    4007: "Le serveur s’arrête. Reconnectez-vous avec un délai croissant et aléatoire.",
    4008: "Vous vous êtes connecté depuis un autre appareil, et une personne a une seule connexion. Ne vous reconnectez pas de vous-même : deux onglets s’évinceraient sans fin.",
    4009: "Fermée pour une autre raison : pas de signe de vie, ou une lecture trop lente. Reconnectez-vous avec un délai croissant et aléatoire.",
    4010: "Une commande était mal formée : pas du JSON, type inconnu, clé manquante, message vide ou trop long, trame binaire.",
    4011: "Une règle du filtre a bloqué le message, qui n’a pas été remis. La trame Disconnection en donne la raison.",
    4012: "Vous avez fait une chose interdite ici : le salon d’autrui, une origine refusée, une rafale.",
  },
);

/** @param {number} code */
export const meaning = (code) => meanings()[code] ?? "";
