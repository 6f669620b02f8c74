"""工程帮 (gongchengbang): the Flask application around the process engine in ``workflows``."""
