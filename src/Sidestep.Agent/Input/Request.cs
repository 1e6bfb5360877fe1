namespace Sidestep.Agent.Input;

/// <summary>The options as they were typed.</summary>
internal sealed record Request
{
    public IReadOnlyList<string> Vips { get; init; } = [];

    public IReadOnlyList<string> Interfaces { get; init; } = [];

    public IReadOnlyList<string> Directors { get; init; } = [];

    /// <summary>Null: the option was not given.</summary>
    public string? Decapsulate { get; init; }

    public string StateDirectory { get; init; } = DefaultStateDirectory;

    /// <summary>Below /run: what the agent changes does not survive a reboot, and neither does this.</summary>
    public const string DefaultStateDirectory = "/run/sidestep-agent";

    /// <summary>True when nothing says what the server shall be like.</summary>
    public bool IsEmpty => Vips.Count == 0 && Interfaces.Count == 0 && Directors.Count == 0 && Decapsulate is null;
}
