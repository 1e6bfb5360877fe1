using Sidestep.Api;
using Sidestep.Control.Doctor;

namespace Sidestep.UnitTests.Control.Doctor;

/// <summary>What tests of single rules share.</summary>
internal static class RuleTests
{
    /// <summary>The only diagnosis of this name.</summary>
    internal static Diagnosis Only(Evidence evidence, string name) =>
        Assert.Single(DiagnosisRules.Diagnose(evidence), d => d.Name == name);

    /// <summary>Names of all diagnoses.</summary>
    internal static string[] Names(Evidence evidence) => [.. DiagnosisRules.Diagnose(evidence)
        .Select(static d => d.Name)];

    /// <summary>The same server without an agent.</summary>
    internal static ServerEvidence WithoutAgent(this ServerEvidence server) => server
        with
    { BeforeProbes = null, AfterProbes = null };

    /// <summary>The same server with a change of each of its services.</summary>
    internal static ServerEvidence WithServices(this ServerEvidence server, Func<ServiceEvidence,
        ServiceEvidence> change) =>
        server with { Services = [.. server.Services.Select(change)] };
}
