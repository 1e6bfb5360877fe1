namespace Sidestep.Lab.Topologies;

/// <summary>What forwards in a run, instead of what the topology's sidestep.yaml says.</summary>
/// <param name="Engine">director.engine.</param>
/// <param name="Driver">The driver of every interface.</param>
internal sealed record EngineOverride(string Engine, string Driver)
{
    public const string Managed = "managed";

    /// <summary>Null when neither is given.</summary>
    public static EngineOverride? Of(string? engine, string? driver) => engine is null && driver is null ? null : new(engine ?? "auto", driver ?? "auto");

    /// <summary>It is the daemon itself that forwards.</summary>
    public bool DaemonForwards => Engine == Managed || Driver.StartsWith("af-", StringComparison.Ordinal);

    /// <summary>The director's file with these.</summary>
    public string ApplyTo(string file) => file.Replace("driver: auto", $"driver: {Driver}", StringComparison.Ordinal)
        .Replace("director:\n", $"director:\n  engine: {Engine}\n", StringComparison.Ordinal);
}
