namespace Sidestep.Agent.Input;

/// <summary>The options as they were typed.</summary>
internal sealed record Request
{
    public IReadOnlyList<string> Vips { get; init; } = [];

    public IReadOnlyList<string> Interfaces { get; init; } = [];

    public IReadOnlyList<string> Directors { get; init; } = [];

    public IReadOnlyList<string> OuterSources { get; init; } = [];

    /// <summary><c>ipip</c>, <c>gre</c>, <c>gue</c> or <c>gue:PORT</c>; none: layer 2.</summary>
    public IReadOnlyList<string> Decapsulate { get; init; } = [];

    /// <summary>What fits between director and server, bytes; null: what fits the interface.</summary>
    public int? Mtu { get; init; }

    /// <summary>A file of duties in the place of the options above, but for interfaces.</summary>
    public string? SpecFile { get; init; }

    /// <summary>Write files that make it outlive a restart of the host.</summary>
    public bool Persist { get; init; }

    /// <summary>Repair what others change.</summary>
    public bool Reconciles { get; init; } = true;

    public string StateDirectory { get; init; } = DefaultStateDirectory;

    /// <summary>Outlives a restart of the host, as what <c>run</c> keeps there must: the last duties, and what was there before the
    /// files that <c>--persist</c> wrote.</summary>
    public const string DefaultStateDirectory = "/var/lib/sidestep-agent";

    /// <summary>True when nothing says what the server shall be like.</summary>
    public bool IsEmpty => Vips.Count == 0 && Interfaces.Count == 0 && Directors.Count == 0 && OuterSources.Count == 0
        && Decapsulate.Count == 0 && Mtu is null && SpecFile is null;
}
