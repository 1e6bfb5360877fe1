namespace Sidestep.Api;

/// <summary>How the director handles a change of its configuration.</summary>
/// <param name="DryRun">True: it checks and plans the change, and does not make it.</param>
/// <param name="Reason">Why, for the history; null: not said.</param>
public sealed record ChangeOptions(bool DryRun = false, string? Reason = null)
{
    /// <summary>The entity tag of what is replaced: the director rejects the change (412) if it has another one now;
    /// null: any.</summary>
    public string? IfMatch { get; init; }

    /// <summary>The query of the request, with its question mark.</summary>
    internal string ToQuery()
    {
        string?[] parameters =
        [
            DryRun ? "dryRun=true" : null,
            string.IsNullOrEmpty(Reason) ? null : $"reason={Uri.EscapeDataString(Reason)}",
        ];
        string query = string.Join('&', parameters.OfType<string>());
        return query.Length == 0 ? "" : "?" + query;
    }
}
