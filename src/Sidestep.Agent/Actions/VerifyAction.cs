using Sidestep.Agent.Host;
using Sidestep.Agent.Input;
using Sidestep.Agent.Output;
using Sidestep.Agent.Persistence;
using Sidestep.Agent.Programs;
using Sidestep.Agent.State;
using Sidestep.Api;
using Sidestep.Native.Netlink;

namespace Sidestep.Agent.Actions;

/// <summary>Says whether this host is a fit real server; changes nothing.</summary>
internal static class VerifyAction
{
    public static Verification Run(Request request)
    {
        using var socket = NetlinkSocket.Open();
        var host = HostInventory.Read(socket);
        if (request.IsEmpty)
            return OfState(request.StateDirectory, host, socket);
        var problems = new List<Problem>();
        var spec = OptionsReader.Read(request, problems);
        var desired = spec is null ? null : DesiredStateReader.Read(spec, request.Interfaces, programs: false, host, beforeChange: false, problems);
        return Check(request.StateDirectory, desired, host, socket, problems);
    }

    private static Verification OfState(string directory, HostInventory host, NetlinkSocket socket)
    {
        using var store = StateStore.OpenForReading(directory);
        var state = store.Load();
        var spec = state?.Spec ?? throw new ProblemsException([new Problem("--vip", "",
            "is missing, and nothing has been applied in this network namespace", "Give the options of apply, or run apply first.")]);
        var problems = new List<Problem>();
        var names = host.Interfaces.Where(i => state.Interfaces.Contains(i.Index)).Select(static i => i.Name).ToList();
        var desired = DesiredStateReader.Read(spec, names, state.Programs, host, beforeChange: false, problems);
        var result = Check(directory, desired, host, socket, problems);
        foreach (var missing in state.Interfaces.Where(w => host.Interfaces.All(i => i.Index != w)))
            result.Add(false, ConditionNames.DeviceUp, $"number {missing}", "gone", "there", "It was deleted or made anew: run 'sidestep-agent apply' again.");
        return result;
    }

    private static Verification Check(string directory, DesiredState? desired, HostInventory host, NetlinkSocket socket, List<Problem> problems)
    {
        HostEnvironment.Check(changes: false, bpf: desired?.Programs == true, problems);
        if (desired is null || problems.Count > 0)
            throw new ProblemsException(problems);
        using var programs = desired.Programs ? AgentPrograms.Load(null) : null;
        var result = Verifier.Check(desired, host, socket, programs);
        PersistenceCheck.Run(directory, HostFiles.Machine, desired, host, result);
        return result;
    }
}
