"""Holds one conversation over REST with each generated Python client: create a room, list it, read it, delete it, and be
refused. Every module of both is imported first, since a model that does not load is found by nobody until it is used."""

import base64
import importlib
import json
import os
import pkgutil

import openapi_client
import plic_chat_client

BASE_URL, TOKEN = os.environ["BASE_URL"], os.environ["TOKEN"]


def subject(token):
    """Returns the user that a token names."""
    claims = token.split(".")[1]
    return json.loads(base64.urlsafe_b64decode(claims + "=" * (-len(claims) % 4)))["sub"]


ANOTHER = subject(os.environ["TOKEN_OF_ANOTHER"])


def import_all(package):
    for module in pkgutil.walk_packages(package.__path__, package.__name__ + "."):
        importlib.import_module(module.name)


def openapi_generator():
    configuration = openapi_client.Configuration(host=BASE_URL, access_token=TOKEN)
    with openapi_client.ApiClient(configuration) as client:
        rooms = openapi_client.RoomsApi(client)
        created = rooms.create_room(openapi_client.NewRoom(users=[ANOTHER], apartment_id=12))
        assert created.error_message is None and created.data > 0, created
        room = next(room for room in rooms.list_rooms().data if room.room_id == created.data)
        assert (room.apartment_id, room.is_owner, room.last_message) == (12, True, None), room
        detail = rooms.read_room(created.data)
        assert ANOTHER in [str(user) for user in detail.participants_id], detail
        assert rooms.delete_room(created.data).data is None
        try:
            rooms.read_room(created.data)
        except openapi_client.exceptions.NotFoundException as refused:
            failure = openapi_client.Failure.from_json(refused.body)
            assert failure.error_message and failure.data is None, failure
        else:
            raise AssertionError("a deleted room was read")


def openapi_python_client():
    from plic_chat_client.api.rooms import create_room, delete_room, list_rooms, read_room
    from plic_chat_client.models import Failure, NewRoom, RoomDetail

    client = plic_chat_client.AuthenticatedClient(base_url=BASE_URL, token=TOKEN)
    created = create_room.sync(client=client, body=NewRoom.from_dict({"users": [ANOTHER], "apartment_id": None}))
    assert created.error_message is None and created.data > 0, created
    room = next(room for room in list_rooms.sync(client=client).data if room.room_id == created.data)
    assert (room.apartment_id, room.last_message) == (None, None), room
    assert isinstance(read_room.sync(created.data, client=client), RoomDetail)
    assert delete_room.sync(created.data, client=client).data is None
    refused = read_room.sync(created.data, client=client)
    assert isinstance(refused, Failure) and refused.error_message and refused.data is None, refused


for package in (openapi_client, plic_chat_client):
    import_all(package)
for conversation in (openapi_generator, openapi_python_client):
    conversation()
    print(f"{conversation.__name__}: ok")
