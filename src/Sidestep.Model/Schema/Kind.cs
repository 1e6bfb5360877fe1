using System.Diagnostics.CodeAnalysis;
using System.Text.Json;
using System.Text.Json.Nodes;
using Sidestep.Model.Documents;

namespace Sidestep.Model.Schema;

/// <summary>The form of a value of the document: how it is read, and its JSON Schema.</summary>
internal abstract class Kind<T>
{
    /// <summary>Reads a node; false if it was rejected and reported.</summary>
    public abstract bool TryBind(Node node, DocumentPath path, IssueList issues, [MaybeNullWhen(false)] out T value);

    /// <summary>The constraint as JSON Schema, a new object on every call.</summary>
    public abstract JsonObject ToJsonSchema();

    /// <summary>The written form of a value, for defaults.</summary>
    public abstract JsonNode? ToJson(T value);

    /// <summary>Reports a node that has another form than <paramref name="expected"/>.</summary>
    protected static void RejectForm(Node node, DocumentPath path, string expected, IssueList issues)
    {
        if (node is ErrorNode)
            return;
        if (node is ScalarNode { IsNull: true })
            issues.Error(path, node, "there is no value", $"Write {expected}");
        else
            issues.Error(path, node, $"this is {node.Form}", $"Write {expected}");
    }
}

/// <summary>A kind that is written as a single value.</summary>
internal abstract class ScalarKind<T> : Kind<T>
{
    /// <summary>A description of valid values, such as "a whole number from 1 to 9".</summary>
    protected abstract string Expected { get; }

    public sealed override bool TryBind(
        Node node, DocumentPath path, IssueList issues, [MaybeNullWhen(false)] out T value)
    {
        value = default;
        if (node is not ScalarNode { IsNull: false } scalar)
        {
            RejectForm(node, path, Expected, issues);
            return false;
        }
        if (Parse(scalar, out value) is not { } problem)
            return value is not null;
        issues.Error(path, scalar, problem.Reason, problem.Remedy ?? $"Write {Expected}");
        return false;
    }

    /// <summary>Reads a valid node; false, without a report, if it is invalid.</summary>
    public bool TryRead(Node node, [MaybeNullWhen(false)] out T value)
    {
        value = default;
        return node is ScalarNode { IsNull: false } scalar && Parse(scalar, out value) is null && value is not null;
    }

    /// <summary>The value as it is written. Text is quoted, numbers and booleans are not.</summary>
    public ScalarNode ToNode(T value)
    {
        var json = ToJson(value)!;
        bool isText = json.GetValueKind() == JsonValueKind.String;
        return new ScalarNode(default, isText ? json.GetValue<string>() : json.ToJsonString(), isText);
    }

    /// <summary>Reads the text; null if it is valid and <paramref name="value"/> was set.</summary>
    protected abstract Problem? Parse(ScalarNode scalar, out T? value);
}

/// <summary>The reason why a value is invalid.</summary>
/// <param name="Reason">Without a full stop.</param>
/// <param name="Remedy">What to do about it; null: write what the kind expects.</param>
internal sealed record Problem(string Reason, string? Remedy = null);
