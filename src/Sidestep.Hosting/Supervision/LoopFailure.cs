namespace Sidestep.Hosting.Supervision;

/// <summary>Unexpected exceptions of one loop, or of one task that a loop repeats.</summary>
/// <param name="Name">What failed: <c>health checks</c>, for example.</param>
/// <param name="Times">How often, since the service started.</param>
/// <param name="LastAt">When it failed last, by the wall clock.</param>
/// <param name="LastError">Type and message of the last exception, in one line.</param>
public sealed record LoopFailure(string Name, long Times, DateTimeOffset LastAt, string LastError);
