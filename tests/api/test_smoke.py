def test_version(remote):
    assert remote.call("getVersion").endswith("-1400")


def test_users(remote, world):
    assert remote.call("getUsers", world.key("alice")) == {
        "success": True,
        "items": [{"userID": world.alice, "name": "alice"}],
        "total": 1,
    }


def test_demo(demo_server):
    assert "anna" in demo_server.output
