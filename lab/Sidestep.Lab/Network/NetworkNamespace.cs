namespace Sidestep.Lab.Network;

/// <summary>A named network namespace (ip-netns(8)).</summary>
internal readonly record struct NetworkNamespace(string Name)
{
    /// <summary>
    /// The command, run inside. Not `ip netns exec`: that also makes a mount namespace with a fresh /sys, and BPF state
    /// pinned below it would be gone with the process.
    /// </summary>
    public IReadOnlyList<string> Enter(params IEnumerable<string> command)
        => ["nsenter", $"--net={LabPaths.Namespaces}/{Name}", "--", .. command];

    public bool Exists() => File.Exists($"{LabPaths.Namespaces}/{Name}");

    public override string ToString() => Name;
}
