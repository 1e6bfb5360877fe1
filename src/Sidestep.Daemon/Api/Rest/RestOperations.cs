using Sidestep.Api.Access;
using Sidestep.Api.Configurations;
using Sidestep.Api.ServerOverrides;
using Sidestep.Daemon.Api.OpenApi;
using Sidestep.Model.Objects;

namespace Sidestep.Daemon.Api.Rest;

/// <summary>What the OpenAPI document says about the endpoints for the configuration.</summary>
internal static class RestOperations
{
    private static readonly ApiParameter[] ChangeParameters =
    [
        ApiParameter.Flag(ConfigurationChanges.DryRun, "true: check and plan the change, and do not make it."),
        ApiParameter.Text(ConfigurationChanges.Reason, "Why, for the history."),
    ];

    private static readonly ApiParameter[] ListParameters =
    [
        ApiParameter.Number(ListQuery.Limit, "The most items of the page; without it 100.", 1, 1000),
        ApiParameter.Text(ListQuery.After, "Begin after this name."),
        ApiParameter.Text(ListQuery.Name, "Only objects with such a name; * and ? stand for characters."),
        ApiParameter.Text(ListQuery.Labels,
            "Only objects with such labels: KEY=VALUE, KEY!=VALUE, KEY or !KEY, with commas between them."),
    ];

    internal static ApiOperation GetConfiguration { get; } = Read("getConfiguration", "The whole configuration",
        ApiSchemas.Configuration);

    internal static ApiOperation PutConfiguration { get; } = Change("putConfiguration",
        "Replaces the whole configuration", ApiSchemas.Configuration, RestBodies.Json, RestBodies.Yaml);

    internal static ApiOperation PatchConfiguration { get; } = Change("patchConfiguration",
        "Changes keys of the whole configuration", ApiSchemas.MergePatch, RestBodies.MergePatch);

    internal static ApiOperation GetRevision { get; } = Read("getRevision", "The configuration of a revision",
        ApiSchemas.Configuration);

    internal static ApiOperation GetDifference { get; } = new("getRevisionDifference", "What a revision changed",
        ApiSchemas.NameOf<RevisionDifference>())
    {
        Query = [ApiParameter.Text(RevisionHandlers.Since, "Compare with this revision instead of the one before.")],
    };

    internal static ApiOperation RollBack { get; } = Change("rollBack",
        "Restores the configuration of a revision, as a new revision", null);

    internal static ApiOperation ListOverrides { get; } = new("listOverrides",
        "The overrides of real servers, ordered by pool and server", ApiSchemas.NameOf<OverrideList>());

    internal static ApiOperation GetOverride { get; } = Read("getOverride", "The override of a real server",
        ApiSchemas.NameOf<OverrideRecord>()) with
    {
        Target = ApiTarget.Objects,
    };

    internal static ApiOperation PutOverride { get; } = new("putOverride",
        "Sets state and weight of a real server, whatever the configuration says", ApiSchemas.NameOf<OverrideReport>())
    {
        Body = ApiSchemas.NameOf<OverrideRequest>(),
        Query = [ChangeParameters[0]],
        HasEntityTag = true,
        Role = Role.Operator,
        Target = ApiTarget.Objects,
        IsAudited = true,
    };

    internal static ApiOperation DeleteOverride { get; } = new("deleteOverride",
        "Restores state and weight of the configuration", ApiSchemas.NameOf<OverrideReport>())
    {
        Query = [ChangeParameters[0]],
        HasEntityTag = true,
        Role = Role.Operator,
        Target = ApiTarget.Objects,
        IsAudited = true,
    };

    internal static ApiOperation GetSection(string section) => Read("get" + ApiSchemas.NameOf(section),
        $"The section {section} of the configuration", ApiSchemas.NameOf(section));

    internal static ApiOperation PutSection(string section) => Change("put" + ApiSchemas.NameOf(section),
        $"Replaces the section {section}", ApiSchemas.NameOf(section), RestBodies.Json);

    internal static ApiOperation PatchSection(string section) => Change("patch" + ApiSchemas.NameOf(section),
        $"Changes keys of the section {section}", ApiSchemas.MergePatch, RestBodies.MergePatch);

    internal static ApiOperation List(ObjectKind kind) => new($"list{ApiSchemas.NameOf(kind)}s",
        $"The {kind.Noun}s, ordered by name", ApiSchemas.ListOf(kind))
    {
        Query = ListParameters,
        Target = ApiTarget.Objects,
    };

    internal static ApiOperation Get(ObjectKind kind) => Read("get" + ApiSchemas.NameOf(kind), $"A {kind.Noun}",
        ApiSchemas.NameOf(kind)) with
    {
        Target = ApiTarget.Objects,
    };

    internal static ApiOperation Put(ObjectKind kind) => Change("put" + ApiSchemas.NameOf(kind),
        $"Replaces a {kind.Noun}, or creates it", ApiSchemas.NameOf(kind), RestBodies.Json) with
    {
        Creates = true,
        Target = ApiTarget.Objects,
    };

    internal static ApiOperation Patch(ObjectKind kind) => Change("patch" + ApiSchemas.NameOf(kind),
        $"Changes keys of a {kind.Noun}", ApiSchemas.MergePatch, RestBodies.MergePatch) with
    {
        Target = ApiTarget.Objects,
    };

    internal static ApiOperation Delete(ObjectKind kind) => Change("delete" + ApiSchemas.NameOf(kind),
        $"Deletes a {kind.Noun} that no other object uses", null) with
    {
        Target = ApiTarget.Objects,
    };

    private static ApiOperation Read(string id, string summary, string schema) => new(id, summary, schema)
    {
        HasEntityTag = true,
    };

    private static ApiOperation Change(string id, string summary, string? body, params string[] bodyTypes) =>
        new(id, summary, ApiSchemas.NameOf<ChangeReport>())
        {
            Body = body,
            BodyTypes = bodyTypes,
            Query = ChangeParameters,
            HasEntityTag = true,
            Role = Role.Administrator,
            IsAudited = true,
        };
}
