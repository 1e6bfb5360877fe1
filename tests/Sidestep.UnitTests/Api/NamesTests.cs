using System.Reflection;
using System.Text.RegularExpressions;
using Sidestep.Api;

namespace Sidestep.UnitTests.Api;

/// <summary>The names of the contract.</summary>
public sealed partial class NamesTests
{
    [Theory]
    [InlineData(typeof(ConditionNames))]
    [InlineData(typeof(DiagnosisNames))]
    public void Names_are_unique_and_in_lower_case_with_hyphens(Type type)
    {
        var names = NamesOf(type);
        Assert.NotEmpty(names);
        Assert.All(names, static n => Assert.Matches(LowerCaseWithHyphens(), n));
        Assert.Equal(names.Length, names.Distinct().Count());
    }

    [Fact]
    public void Every_diagnosis_has_one_place_in_the_order_of_the_report() =>
        Assert.Equal(NamesOf(typeof(DiagnosisNames)).Order(StringComparer.Ordinal),
            DiagnosisNames.All.Order(StringComparer.Ordinal));

    [Theory]
    [InlineData(DiagnosisNames.VipMissing, DiagnosisNames.DsrPathDown)]
    [InlineData(DiagnosisNames.NextHopUnresolved, DiagnosisNames.VipMissing)]
    [InlineData(DiagnosisNames.DefaultRouteMissing, DiagnosisNames.ServerDropsRequests)]
    [InlineData(DiagnosisNames.DsrPathDown, DiagnosisNames.HealthChecksFailing)]
    public void Cause_comes_before_its_consequence(string cause, string consequence) =>
        Assert.True(DiagnosisNames.All.IndexOf(cause) < DiagnosisNames.All.IndexOf(consequence));

    [Fact]
    public void Paths_are_distinct_and_versioned()
    {
        string[] paths = [ApiPaths.Spec, ApiPaths.Reports, ApiPaths.Drains, ApiPaths.Status, ApiPaths.Doctor];
        Assert.All(paths, static p => Assert.StartsWith("/api/v1/", p, StringComparison.Ordinal));
        Assert.Equal(paths.Length, paths.Distinct().Count());
        // A server's name follows these.
        Assert.All(paths[..3], static p => Assert.EndsWith("/", p, StringComparison.Ordinal));
    }

    private static string[] NamesOf(Type type) =>
        [.. type.GetFields(BindingFlags.Public | BindingFlags.Static).Where(static f => f.IsLiteral)
            .Select(static f => (string)f.GetRawConstantValue()!)];

    [GeneratedRegex("^[a-z]+(-[a-z0-9]+)*$")]
    private static partial Regex LowerCaseWithHyphens();
}
