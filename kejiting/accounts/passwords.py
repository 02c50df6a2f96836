from django.contrib.auth import password_validation
from django.utils.translation import gettext as _


class MinimumLengthValidator(password_validation.MinimumLengthValidator):
    """Django's own, whose sentence its Chinese catalogue has lost."""

    def get_error_message(self) -> str:
        return _("口令太短：至少要有 %(n)s 个字符。") % {"n": self.min_length}

    def get_help_text(self) -> str:
        return _("口令至少要有 %(n)s 个字符。") % {"n": self.min_length}
