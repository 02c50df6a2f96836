from .area import Area
from .audit import AuditEvent
from .role import ADMINISTRATORS, Role, RoleAssignment
from .unit import Unit, UnitSuccession, UnitVersion
from .user import User

__all__ = ["ADMINISTRATORS", "Area", "AuditEvent", "Role", "RoleAssignment", "Unit", "UnitSuccession", "UnitVersion", "User"]
