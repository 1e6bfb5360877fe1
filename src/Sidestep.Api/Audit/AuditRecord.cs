namespace Sidestep.Api.Audit;

/// <summary>An entry of the audit log: one line of JSON.</summary>
/// <param name="Number">1 for the first one.</param>
/// <param name="Time">When the request ended.</param>
/// <param name="Actor">Who sent it.</param>
/// <param name="Request">Method and path, with the query: <c>DELETE /api/v1/pools/web</c>.</param>
/// <param name="Status">The HTTP status of the response.</param>
/// <param name="Previous">The hash of the entry before; zeros for the first one.</param>
public sealed record AuditRecord(long Number, DateTimeOffset Time, string Actor, string Request, int Status,
    string Previous)
{
    /// <summary>The address of the client; null: the Unix socket.</summary>
    public string? Address { get; init; }

    /// <summary>What happened, such as the revision or the error; null: nothing to add.</summary>
    public string? Detail { get; init; }
}
