using Sidestep.Agent.Persistence;

namespace Sidestep.Agent.Input;

/// <summary>The options of a command as the operator typed them.</summary>
internal sealed record Request
{
    /// <summary>The folder for the agent's state. It survives a restart of the host: <c>run</c> stores the last spec
    /// there, and <c>--persist</c> records what its files replaced.</summary>
    public const string DefaultStateDirectory = "/var/lib/sidestep-agent";

    public IReadOnlyList<string> Vips { get; init; } = [];

    public IReadOnlyList<string> Interfaces { get; init; } = [];

    public IReadOnlyList<string> Directors { get; init; } = [];

    public IReadOnlyList<string> OuterSources { get; init; } = [];

    /// <summary>The encapsulations to remove: <c>ipip</c>, <c>gre</c>, <c>gue</c> or <c>gue:PORT</c>. None: layer
    /// 2.</summary>
    public IReadOnlyList<string> Decapsulate { get; init; } = [];

    /// <summary>Largest outer datagram between director and server, bytes; null: the MTU of the interfaces.</summary>
    public int? Mtu { get; init; }

    /// <summary>A spec file instead of the options above, except interfaces.</summary>
    public string? SpecFile { get; init; }

    /// <summary>True if the agent writes files that restore sysctls and VIPs when the host starts.</summary>
    public bool Persist { get; init; }

    /// <summary>Repair what other programs change; false: report it only.</summary>
    public bool Reconciles { get; init; } = true;

    public string StateDirectory { get; init; } = DefaultStateDirectory;

    /// <summary>The files of the host, or of a mounted image.</summary>
    public HostFiles Files { get; init; } = new("/");

    /// <summary>True if an option is given that a spec file replaces.</summary>
    public bool HasSpecOptions => Vips.Count + Directors.Count + OuterSources.Count + Decapsulate.Count > 0
        || Mtu is not null;

    /// <summary>True if no option describes the server.</summary>
    public bool IsEmpty => !HasSpecOptions && Interfaces.Count == 0 && SpecFile is null;
}
