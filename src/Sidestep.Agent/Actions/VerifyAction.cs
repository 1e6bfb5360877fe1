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
        var host = ServerFacts.Read(socket);
        if (request.IsEmpty)
            return OfState(request.StateDirectory, host, socket);
        var problems = new List<Problem>();
        var duties = OptionsReader.Read(request, problems);
        var wish = duties is null ? null : WishReader.Read(duties, request.Interfaces, programs: false, host, beforeChange: false, problems);
        return Check(request.StateDirectory, wish, host, socket, problems);
    }

    private static Verification OfState(string directory, ServerFacts host, NetlinkSocket socket)
    {
        using var store = StateStore.OpenToRead(directory);
        var state = store.Load();
        var duties = state?.Duties ?? throw new ProblemsException([new Problem("--vip", "",
            "is missing, and nothing has been applied in this network namespace", "Give the options of apply, or run apply first.")]);
        var problems = new List<Problem>();
        var names = host.Interfaces.Where(i => state.Interfaces.Contains(i.Index)).Select(static i => i.Name).ToList();
        var wish = WishReader.Read(duties, names, state.Programs, host, beforeChange: false, problems);
        var result = Check(directory, wish, host, socket, problems);
        foreach (var gone in state.Interfaces.Where(w => host.Interfaces.All(i => i.Index != w)))
            result.Add(false, ConditionNames.DeviceUp, $"number {gone}", "gone", "there", "It was deleted or made anew: run 'sidestep-agent apply' again.");
        return result;
    }

    private static Verification Check(string directory, Wish? wish, ServerFacts host, NetlinkSocket socket, List<Problem> problems)
    {
        Surroundings.Check(changes: false, bpf: wish?.Programs == true, problems);
        if (wish is null || problems.Count > 0)
            throw new ProblemsException(problems);
        using var programs = wish.Programs ? AgentPrograms.Load(null) : null;
        var result = Verifier.Check(wish, host, socket, programs);
        FileCheck.Run(directory, HostFiles.Machine, wish, host, result);
        return result;
    }
}
