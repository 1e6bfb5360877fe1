using Sidestep.Agent.Host;
using Sidestep.Agent.Input;
using Sidestep.Agent.Output;
using Sidestep.Agent.Persistence;
using Sidestep.Agent.State;
using Sidestep.Api;

namespace Sidestep.Agent.Actions;

/// <summary>Verifies that this host is ready as a real server, and changes nothing.</summary>
internal static class VerifyAction
{
    /// <exception cref="ProblemsException">The options are invalid, or there are none and nothing is
    /// applied.</exception>
    public static Verification Run(IHostPlatform platform, Request request)
    {
        using var kernel = platform.OpenKernel();
        var host = kernel.ReadInventory();
        if (request.IsEmpty)
            return OfState(platform, request, host, kernel);
        var problems = new List<Problem>();
        var spec = OptionsReader.Read(request, problems);
        var desired = spec is null ? null : DesiredStateReader.Read(
            spec, request.Interfaces, programs: false, host, beforeChange: false, problems);
        return Check(platform, request, desired, host, kernel, problems);
    }

    private static Verification OfState(IHostPlatform platform, Request request, HostInventory host, IHostKernel kernel)
    {
        using var store = StateStore.OpenForReading(request.StateDirectory);
        var state = store.Load();
        var spec = state?.Spec ?? throw new ProblemsException([new Problem("--vip", "",
            "is missing, and nothing is applied in this network namespace",
            "Give the options of apply, or run apply first.")]);
        var problems = new List<Problem>();
        var names = host.Interfaces.Where(i => state.Interfaces.Contains(i.Index)).Select(static i => i.Name).ToList();
        var desired = DesiredStateReader.Read(spec, names, state.Programs, host, beforeChange: false, problems);
        var result = Check(platform, request, desired, host, kernel, problems);
        foreach (var missing in state.Interfaces.Where(w => host.Interfaces.All(i => i.Index != w)))
        {
            result.Add(false, ConditionNames.DeviceUp, $"index {missing}", "missing", "present",
                "It was deleted or created again: run 'sidestep-agent apply' again.");
        }
        return result;
    }

    private static Verification Check(IHostPlatform platform, Request request, DesiredState? desired,
        HostInventory host, IHostKernel kernel, List<Problem> problems)
    {
        HostEnvironment.Check(platform.Privileges, changes: false, bpf: desired?.Programs == true, problems);
        if (desired is null || problems.Count > 0)
            throw new ProblemsException(problems);
        using var programs = desired.Programs ? kernel.LoadPrograms(null) : null;
        var result = Verifier.Check(desired, host, kernel, programs);
        PersistenceCheck.Run(request.StateDirectory, request.Files, desired, result);
        return result;
    }
}
