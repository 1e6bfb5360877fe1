using Sidestep.Agent.Host;
using Sidestep.Agent.Input;
using Sidestep.Agent.Persistence;
using Sidestep.Agent.Windows;

namespace Sidestep.Agent.Actions;

/// <summary>Prints files and changes nothing.</summary>
internal static class RenderAction
{
    /// <param name="platform">The host.</param>
    /// <param name="request">The options.</param>
    /// <param name="manager">A network manager, <c>sysctl</c> or <c>agent</c>; null: the network manager of the
    /// host.</param>
    /// <param name="output">Receives the files.</param>
    public static void Linux(IHostPlatform platform, Request request, string? manager, TextWriter output)
    {
        var problems = new List<Problem>();
        if (manager == "agent")
        {
            RenderUnit(request, problems, output);
            return;
        }
        var chosen = manager is null or "sysctl" ? null : ParseManager(manager, problems);
        using var kernel = platform.OpenKernel();
        var spec = OptionsReader.Read(request, problems);
        var desired = spec is null ? null : DesiredStateReader.Read(
            spec, request.Interfaces, programs: false, kernel.ReadInventory(), beforeChange: false, problems);
        ProblemsException.ThrowIfAny(problems);
        if (manager == "sysctl")
        {
            Print(PersistencePlan.SysctlFile(desired!), output);
            return;
        }
        var plan = PersistencePlan.Make(desired!, request.Files, chosen, problems);
        ProblemsException.ThrowIfAny(problems);
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
        ProblemsException.ThrowIfAny(problems);
        output.Write(script);
    }

    private static void RenderUnit(Request request, List<Problem> problems, TextWriter output)
    {
        if (request.SpecFile is null)
        {
            problems.Add(new Problem("--spec", "", "is missing: the service needs a spec file",
                "Name it; or write --director and the certificate files into ExecStart of the unit instead."));
        }
        ProblemsException.ThrowIfAny(problems);
        var interfaces = string.Concat(request.Interfaces.Select(static i => $" --interface {i}"));
        Print(AgentUnit.File(Environment.ProcessPath ?? "/usr/bin/sidestep-agent",
            $"--spec {Path.GetFullPath(request.SpecFile!)}{interfaces}"), output);
    }

    private static NetworkManagerKind? ParseManager(string text, List<Problem> problems)
    {
        foreach (var kind in Enum.GetValues<NetworkManagerKind>())
        {
            if (NetworkManagers.Name(kind).Equals(text, StringComparison.OrdinalIgnoreCase))
                return kind;
        }
        problems.Add(new Problem("--for", text, "is not a network manager that the agent knows",
            "Give networkd, networkmanager, ifupdown, netplan, ifcfg, sysctl or agent."));
        return null;
    }

    /// <summary>The name of the file is a comment in it, so that the output for one file can be redirected as it
    /// is.</summary>
    private static void Print(PlannedFile file, TextWriter output)
    {
        output.WriteLine($"### {file.Path} (mode {Convert.ToString((int)file.Mode, 8).PadLeft(4, '0')})");
        output.WriteLine(file.Text.TrimEnd('\n'));
    }
}
