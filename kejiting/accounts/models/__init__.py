from .area import Area
from .audit import AuditEvent
from .role import ADMINISTRATORS, REPORTING, Role, RoleAssignment
from .unit import Unit, UnitSuccession, UnitVersion
from .user import User

__all__ = ["ADMINISTRATORS", "REPORTING", "Area", "AuditEvent", "Role", "RoleAssignment", "Unit", "UnitSuccession", "UnitVersion", "User"]
