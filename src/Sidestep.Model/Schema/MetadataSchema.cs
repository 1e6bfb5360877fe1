using System.Collections.Immutable;
using Sidestep.Model.Documents;

namespace Sidestep.Model.Schema;

/// <summary>The keys <c>labels</c> and <c>annotations</c>, which every object of the configuration has.</summary>
internal static class MetadataSchema
{
    /// <summary>The syntax of Kubernetes: a name, and a domain before it if others might choose the same
    /// name.</summary>
    private static readonly TextKind KeyText = new("key", Limits.MetadataKeyLength,
        "a key such as team or example.com/team: at most 63 characters of A-Z, a-z, 0-9, -, _ and . that begin and end "
        + "with a letter or digit, after a domain of at most 253 characters and a slash, if any",
        "(?:[a-z0-9](?:[a-z0-9.-]{0,251}[a-z0-9])?/)?[A-Za-z0-9](?:[A-Za-z0-9_.-]{0,61}[A-Za-z0-9])?");

    private static readonly TextKind LabelText = new("label", Limits.NameLength,
        $"at most {Limits.NameLength} characters of A-Z, a-z, 0-9, -, _ and . that begin and end with a letter or "
        + "digit; \"\" is possible",
        $"(?:[A-Za-z0-9](?:[A-Za-z0-9_.-]{{0,{Limits.NameLength - 2}}}[A-Za-z0-9])?)?");

    private static readonly TextKind AnnotationText = new("annotation", Limits.AnnotationLength,
        $"at most {Limits.AnnotationLength} characters without control characters; \"\" is possible",
        @"(?:[^\u0000-\u001f\u007f-\u009f\u2028\u2029\ud800-\udfff]|[\ud800-\udbff][\udc00-\udfff])"
        + $"{{0,{Limits.AnnotationLength}}}");

    public static readonly Key<ImmutableSortedDictionary<string, string>> Labels =
        Key<ImmutableSortedDictionary<string, string>>.WithDefault("labels",
            new TextMapKind("labels", Limits.MetadataEntries, KeyText, LabelText), Metadata.NoTexts,
            "Keys and values of the operator, which lists are filtered by.");

    public static readonly Key<ImmutableSortedDictionary<string, string>> Annotations =
        Key<ImmutableSortedDictionary<string, string>>.WithDefault("annotations",
            new TextMapKind("annotations", Limits.MetadataEntries, KeyText, AnnotationText), Metadata.NoTexts,
            "Keys and free text of the operator.");

    /// <summary>The entry <c>labels</c> as it is written; null: there are none.</summary>
    public static MappingEntry? WriteLabels(Metadata metadata) => Labels.WriteTexts(metadata.Labels);

    /// <summary>The entry <c>annotations</c> as it is written; null: there are none.</summary>
    public static MappingEntry? WriteAnnotations(Metadata metadata) => Annotations.WriteTexts(metadata.Annotations);

    public static Metadata Build(BoundMapping m) => m.Find(Labels) is null && m.Find(Annotations) is null
        ? Metadata.None : new Metadata(m.Value(Labels), m.Value(Annotations));
}
