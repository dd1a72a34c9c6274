"""An image's name follows from what is in it."""

from pathlib import Path

from ankunft_lab.images import image_for


def roles(checkout: Path, packages: str) -> None:
    defaults = checkout / "playbooks" / "roles" / "web_server" / "defaults"
    defaults.mkdir(parents=True, exist_ok=True)
    (defaults / "main.yml").write_text(f"---\nweb_server_packages: [{packages}]\nweb_server_port: 80\n")


def test_what_the_roles_ask_for_is_in_the_image(tmp_path: Path) -> None:
    roles(tmp_path, "nginx, php-fpm")
    assert {"nginx", "php-fpm", "openssh-server", "python3-apt"} <= set(image_for("bookworm", tmp_path).packages)


def test_the_order_of_packages_does_not_make_another_image(tmp_path: Path) -> None:
    roles(tmp_path, "nginx, php-fpm")
    first = image_for("bookworm", tmp_path).name
    roles(tmp_path, "php-fpm, nginx")
    assert image_for("bookworm", tmp_path).name == first


def test_another_package_or_release_makes_another_image(tmp_path: Path) -> None:
    roles(tmp_path, "nginx")
    first = image_for("bookworm", tmp_path).name
    assert image_for("trixie", tmp_path).name != first
    roles(tmp_path, "nginx, php-fpm")
    assert image_for("bookworm", tmp_path).name != first
