using Sidestep.Api.Access;
using Sidestep.Model.Objects;

namespace Sidestep.Control.Access;

/// <summary>Who sends a request, and what it may do.</summary>
/// <param name="Name">For histories and the audit log: <c>user alice</c>, <c>token ci</c>.</param>
/// <param name="Role">Its role.</param>
/// <param name="Scope">The label selector of the objects that it is limited to; null: no limit.</param>
/// <param name="Expires">When its token ends; null: it has none.</param>
public sealed record Principal(string Name, Role Role, string? Scope = null, DateTimeOffset? Expires = null)
{
    /// <summary>The token that authenticates it; null: something else does.</summary>
    public string? TokenName { get; init; }

    /// <summary>True if an object with these labels is within the scope.</summary>
    public bool Includes(Func<string, string?> labelOf) => Scope is null || LabelSelector.Parse(Scope).Selects(labelOf);

    /// <summary>What the API tells about it.</summary>
    public SessionRecord Record => new(Name, Role) { Scope = Scope, Expires = Expires };
}
