"""Tables of well-known names, the only ones ever added to what a target declares: a guessed name could be anybody's."""

# An option in pytest's addopts -> the plugin without which pytest refuses it.
OPTIONS = {
    "--cov": "pytest-cov", "--no-cov": "pytest-cov", "-n ": "pytest-xdist", "-n=": "pytest-xdist",
    "-nauto": "pytest-xdist", "--numprocesses": "pytest-xdist", "--dist": "pytest-xdist", "--timeout": "pytest-timeout",
    "--asyncio-mode": "pytest-asyncio", "--benchmark": "pytest-benchmark", "--mypy": "pytest-mypy",
    "--flake8": "pytest-flake8", "--reruns": "pytest-rerunfailures", "--randomly": "pytest-randomly",
    "--hypothesis": "hypothesis", "--snapshot": "syrupy", "--disable-socket": "pytest-socket",
    "--allow-hosts": "pytest-socket", "--ds": "pytest-django", "--doctest-plus": "pytest-doctestplus",
    "--memray": "pytest-memray", "--check-links": "pytest-check-links",
}  # fmt: skip

# A setting of pytest -> the plugin it belongs to: it would be ignored, and the tests fail, without.
SETTINGS = {
    "asyncio_mode": "pytest-asyncio", "timeout": "pytest-timeout", "env": "pytest-env",
    "DJANGO_SETTINGS_MODULE": "pytest-django", "django_find_project": "pytest-django", "trio_mode": "pytest-trio",
    "randomly_seed": "pytest-randomly", "doctest_plus": "pytest-doctestplus",
}  # fmt: skip

# Module a test imports at its top -> the distribution that holds it.
IMPORTS = {
    "pytest": "pytest", "hypothesis": "hypothesis", "trio": "trio", "anyio": "anyio", "trustme": "trustme",
    "uvicorn": "uvicorn", "requests": "requests", "requests_mock": "requests-mock", "responses": "responses",
    "respx": "respx", "httpx": "httpx", "pytest_httpserver": "pytest-httpserver", "pytest_mock": "pytest-mock",
    "pytest_asyncio": "pytest-asyncio", "freezegun": "freezegun", "time_machine": "time-machine",
    "parameterized": "parameterized", "mock": "mock", "six": "six", "attr": "attrs", "attrs": "attrs",
    "numpy": "numpy", "pandas": "pandas", "yaml": "pyyaml", "toml": "toml", "tomli": "tomli", "tomli_w": "tomli-w",
    "cloudpickle": "cloudpickle", "chardet": "chardet", "charset_normalizer": "charset-normalizer",
    "zstandard": "zstandard", "brotli": "brotli", "cryptography": "cryptography", "flask": "flask",
    "werkzeug": "werkzeug", "jinja2": "jinja2", "click": "click", "typer": "typer", "rich": "rich", "django": "django",
    "sqlalchemy": "sqlalchemy", "pydantic": "pydantic", "psutil": "psutil", "pretend": "pretend",
    "coverage": "coverage", "dirty_equals": "dirty-equals", "inline_snapshot": "inline-snapshot",
    "syrupy": "syrupy", "faker": "faker", "factory": "factory-boy", "moto": "moto", "boto3": "boto3",
    "lxml": "lxml", "bs4": "beautifulsoup4", "html5lib": "html5lib", "docutils": "docutils", "pygments": "pygments",
    "PIL": "pillow", "dateutil": "python-dateutil", "pytz": "pytz", "tzdata": "tzdata", "babel": "babel",
    "setuptools": "setuptools", "packaging": "packaging", "virtualenv": "virtualenv", "build": "build",
    "ephemeral_port_reserve": "ephemeral-port-reserve", "watchdog": "watchdog", "gevent": "gevent",
    "greenlet": "greenlet", "eventlet": "eventlet", "tornado": "tornado", "aiohttp": "aiohttp",
    "testfixtures": "testfixtures", "testtools": "testtools", "zope": "zope-interface", "twisted": "twisted",
    "typing_extensions": "typing-extensions", "pexpect": "pexpect", "pyfakefs": "pyfakefs", "ddt": "ddt",
    "nose": "nose", "sybil": "sybil", "httpbin": "httpbin", "pytest_httpbin": "pytest-httpbin",
    "blockbuster": "blockbuster", "exceptiongroup": "exceptiongroup", "asgiref": "asgiref", "starlette": "starlette",
    "simplejson": "simplejson", "ujson": "ujson", "msgpack": "msgpack", "redis": "redis", "markupsafe": "markupsafe",
    "itsdangerous": "itsdangerous", "wcwidth": "wcwidth", "colorama": "colorama",
    "sortedcontainers": "sortedcontainers",
}  # fmt: skip
