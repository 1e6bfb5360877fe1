using System.Globalization;
using Sidestep.Agent.Host;
using Sidestep.Agent.Input;

namespace Sidestep.Agent.Persistence;

/// <summary>A file that makes something outlive a restart.</summary>
/// <param name="Path">Absolute.</param>
/// <param name="Text">All of it.</param>
/// <param name="Mode">Who may read it.</param>
internal sealed record PlannedFile(string Path, string Text, UnixFileMode Mode = PlannedFile.Readable)
{
    public const UnixFileMode Readable = UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.GroupRead | UnixFileMode.OtherRead;

    public const UnixFileMode Secret = UnixFileMode.UserRead | UnixFileMode.UserWrite;
}

/// <summary>The files for one host, in the order to write them: settings before addresses, as they are also read at its start.</summary>
internal sealed record PersistencePlan(IReadOnlyList<PlannedFile> Files, IReadOnlyList<string> Remarks)
{
    public const string Sysctl = "/etc/sysctl.d/60-sidestep.conf";
    public const string HeaderLine = "# Written by sidestep-agent: it will be replaced, and removed by 'sidestep-agent remove'.";

    /// <param name="desired">What shall outlive the restart.</param>
    /// <param name="files">The host's files.</param>
    /// <param name="manager">Null: the one that the host uses.</param>
    /// <param name="problems">Receives why it cannot be.</param>
    public static PersistencePlan? Make(DesiredState desired, HostFiles files, NetworkManagerKind? manager, List<Problem> problems)
    {
        if (manager is null)
        {
            var inUse = NetworkManagers.InUse(files);
            if (inUse.Count != 1)
            {
                problems.Add(new Problem("--persist", "", inUse.Count == 0 ? "cannot find what puts this host's network in order"
                        : "finds more than one that could put lo in order: " + string.Join(" and ", inUse.Select(static m => $"{NetworkManagers.Name(m.Manager)} ({m.Shown})")),
                    "Print the files for the one that you want, and put them there: sidestep-agent render linux --for networkd|networkmanager|ifupdown|netplan|ifcfg."));
                return null;
            }
            manager = inUse[0].Manager;
        }
        var remarks = new List<string>();
        if (desired.Programs)
            remarks.Add("The outer header is taken off by the agent's program, which no network manager can load: let 'sidestep-agent run' be started as a service (render linux --for agent).");
        var addresses = AddressFiles.For(manager.Value, desired, files, remarks, problems);
        return addresses is null ? null : new PersistencePlan([SysctlFile(desired), .. addresses], remarks);
    }

    /// <summary>Settings of an interface are set again by udev when it appears.</summary>
    public static PlannedFile SysctlFile(DesiredState desired)
    {
        var lines = DesiredSysctl.For(desired.Interfaces).Select(static s => string.Create(CultureInfo.InvariantCulture, $"{s.Setting.Name} = {s.Value}"));
        return new PlannedFile(Sysctl, $"{HeaderLine}\n# A real server is silent about its VIPs in ARP, and takes clients' packets whatever way they come.\n{string.Join('\n', lines)}\n");
    }
}
