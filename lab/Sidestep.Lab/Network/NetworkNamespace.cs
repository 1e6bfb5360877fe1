namespace Sidestep.Lab.Network;

/// <summary>A named network namespace (ip-netns(8)).</summary>
internal readonly record struct NetworkNamespace(string Name)
{
    /// <summary>
    /// The command line that runs a command in the namespace. `ip netns exec` would also create a mount namespace with
    /// a new /sys, and objects pinned there would disappear with the process.
    /// </summary>
    public IReadOnlyList<string> Enter(params IEnumerable<string> command)
        => ["nsenter", $"--net={LabPaths.Namespaces}/{Name}", "--", .. command];

    public bool Exists() => File.Exists($"{LabPaths.Namespaces}/{Name}");

    public override string ToString() => Name;
}
