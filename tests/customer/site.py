"""PHP pages that a customer uploads to look around on the server. Each prints one JSON object."""

import json
from typing import Any

from tests.customer.browser import fetch

IDENTITY = """<?php
header('Content-Type: application/json');
$user = posix_getpwuid(posix_geteuid());
echo json_encode(['user' => $user['name'], 'php' => PHP_VERSION, 'dir' => __DIR__]);
"""
"""Who runs PHP."""

DATABASE = """<?php
header('Content-Type: application/json');
mysqli_report(MYSQLI_REPORT_ERROR | MYSQLI_REPORT_STRICT);
$my = parse_ini_file(dirname(__DIR__) . '/.my.cnf', true, INI_SCANNER_RAW)['client'];
$db = new mysqli($my['host'], $my['user'], $my['password'], $my['database']);
$db->query('CREATE TABLE IF NOT EXISTS guests (name VARCHAR(40) CHARACTER SET utf8mb4)');
$db->query('DELETE FROM guests');
$db->set_charset('utf8mb4');
$insert = $db->prepare('INSERT INTO guests VALUES (?)');
$name = 'Jürgen ✔';
$insert->bind_param('s', $name);
$insert->execute();
try {
    (new mysqli($my['host'], $my['user'], $my['password'] . 'x', $my['database']))->close();
    $wrong = 'accepted';
} catch (mysqli_sql_exception $error) {
    $wrong = 'refused';
}
echo json_encode([
    'guest' => $db->query('SELECT name FROM guests')->fetch_row()[0],
    'databases' => array_column($db->query('SHOW DATABASES')->fetch_all(), 0),
    'user' => $db->query('SELECT CURRENT_USER()')->fetch_row()[0],
    'wrong_password' => $wrong,
]);
"""
"""Uses the database with the password in `~/.my.cnf`: writes, reads back, lists what can be seen, tries a wrong one."""

SPY = """<?php
header('Content-Type: application/json');
$seen = [];
foreach (json_decode($_GET['paths']) as $path) {
    $seen[$path] = @file_get_contents($path) !== false || @scandir($path) !== false;
}
echo json_encode($seen);
"""
"""Tries to read the files and folders in the parameter `paths`."""


def ask(address: str, name: str, path: str) -> dict[str, Any]:
    """Fetch a page of the above and return its JSON object.

    Raises:
        AssertionError: the page is not there or did not end well.
    """
    page = fetch(address, name, path)
    if page.status != 200:
        raise AssertionError(f"http://{name}{path}: {page.status}: {page.text[:300]}")
    try:
        answer: dict[str, Any] = json.loads(page.text)
    except ValueError as error:
        raise AssertionError(f"http://{name}{path} printed: {page.text[:300]}") from error
    return answer
