namespace Sidestep.Lab.Topologies;

/// <summary>The engine and the driver of a run, instead of those in the topology's sidestep.yaml.</summary>
/// <param name="Engine">Value of node.engine.</param>
/// <param name="Driver">The driver of every interface.</param>
internal sealed record EngineOverride(string Engine, string Driver)
{
    public const string Managed = "managed";

    /// <summary>Null when neither is given.</summary>
    public static EngineOverride? Of(string? engine, string? driver) =>
        engine is null && driver is null ? null : new(engine ?? "auto", driver ?? "auto");

    /// <summary>The daemon itself forwards, so nothing forwards while it does not run.</summary>
    public bool DaemonForwards => Engine == Managed || Driver.StartsWith("af-", StringComparison.Ordinal);

    /// <summary>The director's file with this engine and driver.</summary>
    public string ApplyTo(string file) => file.Replace("driver: auto", $"driver: {Driver}", StringComparison.Ordinal)
        .Replace("node:\n", $"node:\n  engine: {Engine}\n", StringComparison.Ordinal);
}
