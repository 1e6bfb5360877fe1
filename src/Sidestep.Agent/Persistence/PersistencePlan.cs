using System.Globalization;
using Sidestep.Agent.Host;
using Sidestep.Agent.Input;

namespace Sidestep.Agent.Persistence;

/// <summary>A file that restores a part of the configuration when the host starts.</summary>
/// <param name="Path">Absolute name.</param>
/// <param name="Text">Its whole content.</param>
/// <param name="Mode">Permissions of the file.</param>
internal sealed record PlannedFile(string Path, string Text, UnixFileMode Mode = PlannedFile.Readable)
{
    /// <summary>Mode 0644: every user may read the file.</summary>
    public const UnixFileMode Readable =
        UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.GroupRead | UnixFileMode.OtherRead;

    /// <summary>0600, which netplan and NetworkManager require.</summary>
    public const UnixFileMode Secret = UnixFileMode.UserRead | UnixFileMode.UserWrite;
}

/// <summary>The files for one host, in the order to write them: sysctls before addresses, as the host also reads
/// them.</summary>
internal sealed record PersistencePlan(IReadOnlyList<PlannedFile> Files, IReadOnlyList<string> Remarks)
{
    public const string Sysctl = "/etc/sysctl.d/60-sidestep.conf";

    /// <summary>First line of every file, by which the agent recognises it.</summary>
    public const string HeaderLine =
        "# Written by sidestep-agent, which replaces it; 'sidestep-agent remove' deletes it.";

    /// <param name="desired">The configuration to restore.</param>
    /// <param name="files">The host's files.</param>
    /// <param name="manager">The network manager; null: the one that the host uses.</param>
    /// <param name="problems">Receives why there is no plan.</param>
    public static PersistencePlan? Make(
        DesiredState desired, HostFiles files, NetworkManagerKind? manager, List<Problem> problems)
    {
        if ((manager ?? Detect(files, problems)) is not { } chosen)
            return null;
        var remarks = new List<string>();
        if (desired.Programs)
        {
            remarks.Add("Only the agent can load the program that removes outer headers: run 'sidestep-agent run' as a "
                + "service (render linux --for agent).");
        }
        var addresses = AddressFiles.For(chosen, desired, files, remarks, problems);
        return addresses is null ? null : new PersistencePlan([SysctlFile(desired), .. addresses], remarks);
    }

    /// <summary>The sysctls. udev applies those of an interface again whenever the interface appears.</summary>
    public static PlannedFile SysctlFile(DesiredState desired)
    {
        var lines = DesiredSysctl.For(desired.Interfaces)
            .Select(static s => string.Create(CultureInfo.InvariantCulture, $"{s.Setting.Name} = {s.Value}\n"));
        return new PlannedFile(Sysctl, $"{HeaderLine}\n# A real server sends no ARP for its VIPs, and accepts client "
            + $"packets from any interface.\n{string.Concat(lines)}");
    }

    private static NetworkManagerKind? Detect(HostFiles files, List<Problem> problems)
    {
        var inUse = NetworkManagers.InUse(files);
        if (inUse.Count == 1)
            return inUse[0].Manager;
        var found = string.Join(" and ", inUse.Select(static m => $"{NetworkManagers.Name(m.Manager)} ({m.Evidence})"));
        problems.Add(new Problem("--persist", "", inUse.Count == 0 ? "found no network manager on this host"
                : $"found more than one network manager that could configure lo: {found}",
            "Print the files for one of them, and install them: sidestep-agent render linux "
            + "--for networkd|networkmanager|ifupdown|netplan|ifcfg."));
        return null;
    }
}
