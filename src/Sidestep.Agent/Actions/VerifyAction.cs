using System.Net;
using Sidestep.Agent.Host;
using Sidestep.Agent.Input;
using Sidestep.Agent.Output;
using Sidestep.Agent.State;
using Sidestep.Model;
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
        Surroundings.Check(changes: false, bpf: request.Decapsulate is not null, problems);
        var wish = WishReader.Read(request, host, beforeChange: false, problems);
        return wish is null || problems.Count > 0 ? throw new ProblemsException(problems) : Verifier.Check(wish, host, socket);
    }

    private static Verification OfState(string directory, ServerFacts host, NetlinkSocket socket)
    {
        using var store = StateStore.OpenToRead(directory);
        var wanted = store.Load()?.Wish ?? throw new ProblemsException([new Problem("--vip", "",
            "is missing, and nothing has been applied in this network namespace", "Give the options of apply, or run apply first.")]);
        var problems = new List<Problem>();
        Surroundings.Check(changes: false, bpf: wanted.Decapsulate is not null, problems);
        if (problems.Count > 0)
            throw new ProblemsException(problems);
        var wish = new Wish
        {
            Vips = [.. wanted.Vips.Select(IPAddress.Parse)],
            Interfaces = [.. host.Interfaces.Where(i => wanted.Interfaces.Contains(i.Index))],
            Encapsulation = wanted.Decapsulate is null ? null : Encapsulation.IpIp,
            Directors = [.. wanted.Directors.Select(IPAddress.Parse)],
        };
        var result = Verifier.Check(wish, host, socket);
        foreach (var gone in wanted.Interfaces.Where(w => host.Interfaces.All(i => i.Index != w)))
        {
            result.Conditions.Add(Condition.Wrong("interface", $"number {gone} is gone", "there",
                "It was deleted or made anew: run 'sidestep-agent apply' again."));
        }
        return result;
    }
}
