using Sidestep.Agent.Host;
using Sidestep.Agent.Input;
using Sidestep.Agent.Persistence;
using Sidestep.Agent.Windows;
using Sidestep.Native.Netlink;

namespace Sidestep.Agent.Actions;

/// <summary>Prints files instead of changing anything.</summary>
internal static class RenderAction
{
    public static void Linux(Request request, string? manager, TextWriter output)
    {
        var problems = new List<Problem>();
        var chosen = default(NetworkManagerKind?);
        if (manager is not (null or "sysctl" or "agent"))
        {
            if (Enum.TryParse<NetworkManagerKind>(manager, ignoreCase: true, out var known) && Enum.IsDefined(known))
                chosen = known;
            else
                problems.Add(new Problem("--for", manager, "is no network manager that the agent knows", "There are networkd, networkmanager, ifupdown, netplan, ifcfg, sysctl and agent."));
        }
        if (manager == "agent")
        {
            if (request.SpecFile is null)
                problems.Add(new Problem("--spec", "", "is missing: the service needs a file of duties", "Name it; or write --director and the certificates into the unit's ExecStart instead."));
            Throw(problems);
            var interfaces = string.Concat(request.Interfaces.Select(static i => $" --interface {i}"));
            Print(AgentUnit.File(Environment.ProcessPath ?? "/usr/bin/sidestep-agent", $"--spec {Path.GetFullPath(request.SpecFile!)}{interfaces}"), output);
            return;
        }
        using var socket = NetlinkSocket.Open();
        var spec = OptionsReader.Read(request, problems);
        var desired = spec is null ? null : DesiredStateReader.Read(spec, request.Interfaces, programs: false, HostInventory.Read(socket), beforeChange: false, problems);
        Throw(problems);
        if (manager == "sysctl")
        {
            Print(PersistencePlan.SysctlFile(desired!), output);
            return;
        }
        var plan = PersistencePlan.Make(desired!, HostFiles.Machine, chosen, problems);
        Throw(problems);
        foreach (var file in plan!.Files)
            Print(file, output);
        foreach (var remark in plan.Remarks)
            output.WriteLine("### " + remark);
    }

    public static void Windows(Request request, string? adapter, TextWriter output)
    {
        var problems = new List<Problem>();
        var spec = OptionsReader.Read(request, problems);
        var script = spec is null || problems.Count > 0 ? null : PowerShellScript.Write(spec, adapter, problems);
        Throw(problems);
        output.Write(script);
    }

    /// <summary>The name of the file is a comment, so that one file alone can be redirected as it is.</summary>
    private static void Print(PlannedFile file, TextWriter output)
    {
        output.WriteLine($"### {file.Path} (mode {Convert.ToString((int)file.Mode, 8).PadLeft(4, '0')})");
        output.WriteLine(file.Text.TrimEnd('\n'));
    }

    private static void Throw(List<Problem> problems)
    {
        if (problems.Count > 0)
            throw new ProblemsException(problems);
    }
}
