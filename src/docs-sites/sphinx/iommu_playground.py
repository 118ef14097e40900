"""``.. iommu-playground::``: a scene of IOMMU Playground in a Sphinx document.

HTML gets the element, with the figure as its poster; PDF, EPUB and the rest get the figure with its caption and address;
where there is no figure, or no pictures at all (text, man), the script as it is written.

Copy this file, iommu-playground.css and iommu-site-theme.js into a folder of your documentation, say _ext, and in conf.py::

    sys.path.append(os.path.abspath("_ext"))
    extensions = ["iommu_playground"]
    iommu_playground_url = "https://PLAYGROUND/"

MIT licence, as IOMMU Playground.
"""

import os
import posixpath
import re
from html import escape

from docutils import nodes
from docutils.parsers.rst import directives
from sphinx.transforms.post_transforms import SphinxPostTransform
from sphinx.util import logging
from sphinx.util.docutils import SphinxDirective
from sphinx.util.fileutil import copy_asset_file
from sphinx.util.osutil import ensuredir

logger = logging.getLogger(__name__)

HERE = os.path.dirname(os.path.abspath(__file__))
# Beside this file; pages do without them where they are not.
STYLE = "iommu-playground.css"
THEME = "iommu-site-theme.js"

# A figure saved by the playground holds the scene that it shows, as the hash of a link.
SCENE_IN_FIGURE = re.compile(r"<metadata[^>]*>(?:(?!</metadata>).)*?(#s[0-9]+:[A-Za-z0-9_-]+)", re.S)
TITLE_IN_SCRIPT = re.compile(r"^#\s*title:\s*(\S.*)$", re.M)


class iommu_playground(nodes.General, nodes.Element):
    """``attributes`` of the element; ``script``; ``href``, where the scene opens (None: nowhere). Its children are images."""


def whole(least, most):
    def convert(argument):
        number = directives.nonnegative_int(argument)
        if not least <= number <= most:
            raise ValueError("%d is not between %d and %d" % (number, least, most))
        return str(number)

    return convert


def one_of(*words):
    return lambda argument: directives.choice(argument, words)


def link(argument):
    argument = "".join(directives.unchanged_required(argument).split())
    if not re.match(r"https?://[^#]+#|#", argument):
        raise ValueError("a link of the playground is an address with a hash, or the hash alone")
    return argument


def scene(argument):
    argument = directives.unchanged_required(argument).strip()
    if not re.fullmatch(r"[A-Za-z0-9][A-Za-z0-9_-]{0,99}", argument):
        raise ValueError("%r is no name of a scene of the gallery" % argument)
    return argument


class IommuPlaygroundDirective(SphinxDirective):
    has_content = True
    optional_arguments = 1
    final_argument_whitespace = True
    # Options of the element by their own names, in the order in which they are written.
    ELEMENT = {
        "step": whole(0, 10**9),
        "height": whole(160, 2000),
        "theme": one_of("light", "dark", "auto"),
        "controls": one_of("none", "play", "full"),
        "wheel": one_of("page", "canvas"),
        "motion": one_of("auto", "reduce"),
        "start": one_of("click", "visible", "now"),
        "autoplay": directives.flag,
        "editable": directives.flag,
    }
    option_spec = {
        "link": link,
        "scene": scene,
        "figure": directives.uri,
        "figure-dark": directives.uri,
        "alt": directives.unchanged_required,
        "caption": directives.unchanged_required,
        "title": directives.unchanged_required,
        "name": directives.unchanged,
        **ELEMENT,
    }

    def run(self):
        script = self.script()
        home = self.config.iommu_playground_url
        asked = self.options.get("link")
        if asked is not None:
            asked = home + asked if asked.startswith("#") else asked
        elif "scene" in self.options:
            asked = home + "#scene=" + self.options["scene"]
        drawn = self.scene_of_figure()
        if asked is None and script is None:
            if drawn is None:
                raise self.error(
                    "iommu-playground: there is nothing to show; name a script's file, write the script below, or give "
                    ":link:, :scene: or a :figure: that the playground saved"
                )
            asked = home + drawn

        attributes = {}
        if "scene" in self.options:
            attributes["scene"] = self.options["scene"]
        elif asked is not None:
            attributes["link"] = asked
        attributes["title"] = self.title(script)
        for name in self.ELEMENT:
            if name in self.options:
                attributes[name] = self.options[name]

        node = iommu_playground(
            attributes=attributes,
            script=script,
            href=asked or (drawn and home + drawn),
        )
        self.set_source_info(node)
        for option in ("figure", "figure-dark"):
            if option in self.options:
                alt = self.options.get("alt", attributes["title"])
                image = nodes.image(uri=self.options[option], alt=alt, dark=option != "figure")
                self.set_source_info(image)
                node += image
        return [self.captioned(node)]

    def script(self):
        """What the author wrote: a file's text, or what stands below; None where a link or a scene says it all."""
        given = [
            words
            for words, there in (
                ("a file", bool(self.arguments)),
                ("a script below", bool(self.content)),
                (":link:", "link" in self.options),
                (":scene:", "scene" in self.options),
            )
            if there
        ]
        if len(given) > 1:
            raise self.error("iommu-playground: one scene at a time, here are %s" % " and ".join(given))
        if self.content:
            return "\n".join(self.content)
        if not self.arguments:
            return None
        relative, path = self.env.relfn2path(self.arguments[0])
        self.env.note_dependency(relative)
        try:
            with open(path, encoding="utf-8") as file:
                return file.read().strip()
        except (OSError, UnicodeError) as problem:
            raise self.error("iommu-playground: %s cannot be read: %s" % (self.arguments[0], problem))

    def scene_of_figure(self):
        """The hash of the link in an SVG that the playground saved."""
        stem, end = os.path.splitext(self.options.get("figure", ""))
        if end not in (".svg", ".*") or "://" in stem:
            return None
        relative, path = self.env.relfn2path(stem + ".svg")
        if not os.path.isfile(path):
            return None
        self.env.note_dependency(relative)
        with open(path, encoding="utf-8", errors="replace") as file:
            found = SCENE_IN_FIGURE.search(file.read())
        return found and found.group(1)

    def title(self, script):
        written = TITLE_IN_SCRIPT.search(script or "")
        return (
            self.options.get("title")
            or (written and written.group(1).strip())
            or self.options.get("caption")
            or self.options.get("alt")
            or "IOMMU Playground"
        )

    def captioned(self, node):
        if "caption" not in self.options:
            self.add_name(node)
            return node
        figure = nodes.figure("", node, align="default")
        self.set_source_info(figure)
        text, messages = self.state.inline_text(self.options["caption"], self.lineno)
        figure += nodes.caption(self.options["caption"], "", *text)
        figure += messages
        self.add_name(figure)
        return figure


class WithoutScripts(SphinxPostTransform):
    """Where nothing can run, a figure or a listing stands in its place; before images are converted and collected."""

    default_priority = 5

    def run(self, **kwargs):
        if is_live(self.app.builder):
            return
        for node in list(self.document.findall(iommu_playground)):
            light = [image for image in node.findall(nodes.image) if not image["dark"]]
            if light and self.app.builder.supported_image_types:
                self.as_figure(node, light[0])
            else:
                self.as_listing(node)

    def as_figure(self, node, image):
        legend = nodes.legend("", *self.ways(node))
        if isinstance(node.parent, nodes.figure):
            node.parent += legend
            node.replace_self(image)
        else:
            node.replace_self(nodes.figure("", image, legend, align="default", ids=node["ids"], names=node["names"]))

    def as_listing(self, node):
        figure = node.parent if isinstance(node.parent, nodes.figure) else None
        parts = []
        if figure is not None:
            parts += [nodes.paragraph("", "", *caption.children) for caption in figure.findall(nodes.caption)]
        if node["script"] is not None:
            parts.append(nodes.literal_block(node["script"], node["script"], language="none"))
        parts += self.ways(node)
        target = figure if figure is not None else node
        parts[0]["ids"] += target["ids"]
        parts[0]["names"] += target["names"]
        target.replace_self(parts)

    def ways(self, node):
        """What leads to the scene, or where no address holds it, to the playground."""
        home = self.config.iommu_playground_url
        if self.app.builder.format in ("html", "latex"):
            words = self.config.iommu_playground_open if node["href"] else "IOMMU Playground"
            return [link_to(words, node["href"] or home)]
        if node["script"] is not None:  # all of it has just been said
            return [link_to("IOMMU Playground: " + home, home)]
        # Nobody can click on it there, and a paragraph would break it.
        words = node["attributes"]["title"]
        return [nodes.paragraph("", words), nodes.literal_block(node["href"], node["href"], language="none")]


def link_to(words, address):
    return nodes.paragraph("", "", nodes.reference("", words, refuri=address, internal=False))


def is_live(builder):
    return builder.format == "html" and builder.name != "epub"


def visit_html(self, node):
    def address(image):
        name = self.builder.images.get(image["uri"])
        return posixpath.join(self.builder.imgpath, name) if name else image["uri"]

    def tag(name, **attributes):
        words = "".join(" %s" % k if v is None else ' %s="%s"' % (k, escape(v)) for k, v in attributes.items())
        return "<%s%s>" % (name, words)

    ids = {"id": node["ids"][0]} if node["ids"] else {}
    self.body.append(tag("iommu-playground", **ids, **node["attributes"]) + "\n")
    images = {image["dark"]: image for image in node.findall(nodes.image)}
    script, href = node["script"], node["href"]
    if False in images:
        picture = tag("img", src=address(images[False]), alt=images[False]["alt"])
        if True in images:
            source = tag("source", media="(prefers-color-scheme: dark)", srcset=address(images[True]))
            picture = "<picture>%s%s</picture>" % (source, picture)
        self.body.append(picture + "\n")
        if script is not None:
            # Nothing in a script element is escaped: a text that would end it is put where that can be done.
            raw = "</script" not in script.lower() and "<!--" not in script
            before, after = ('<script type="text/iommu">', "</script>") if raw else ("<pre hidden>", "</pre>")
            self.body.append("%s\n%s\n%s\n" % (before, script if raw else escape(script), after))
        if href:
            self.body.append(tag("a", **{"class": "iommu-open", "href": href}))
            self.body.append("%s</a>\n" % escape(self.config.iommu_playground_open))
    elif script is not None:
        self.body.append("<pre>\n%s\n</pre>\n" % escape(script))
    else:
        self.body.append("<p>%s%s</a></p>\n" % (tag("a", href=href), escape(node["attributes"]["title"])))
    self.body.append("</iommu-playground>\n")
    raise nodes.SkipNode


def complete_url(app, config):
    if not config.iommu_playground_url:
        logger.warning("iommu_playground_url is not set in conf.py: it is the address of the playground, https://…/")
    config.iommu_playground_url = config.iommu_playground_url.rstrip("/") + "/"


def copy_files(app):
    if not is_live(app.builder):
        return
    static = os.path.join(app.outdir, "_static")
    ensuredir(static)
    for name in (STYLE, THEME):
        if os.path.isfile(os.path.join(HERE, name)):
            copy_asset_file(os.path.join(HERE, name), static)


def add_files(app, pagename, templatename, context, doctree):
    """Only to pages that have a scene; of what is added here, a page has one of each."""
    if doctree is None or next(iter(doctree.findall(iommu_playground)), None) is None or not is_live(app.builder):
        return
    app.add_js_file(app.config.iommu_playground_url + "embed/iommu-playground.js", type="module")
    if os.path.isfile(os.path.join(HERE, THEME)):
        app.add_js_file(THEME, defer="defer")
    if os.path.isfile(os.path.join(HERE, STYLE)):
        app.add_css_file(STYLE)


def setup(app):
    app.add_config_value("iommu_playground_url", "", "env", (str,))
    app.add_config_value("iommu_playground_open", "Open in playground", "env", (str,))
    app.add_node(iommu_playground, html=(visit_html, None))
    app.add_directive("iommu-playground", IommuPlaygroundDirective)
    app.add_post_transform(WithoutScripts)
    app.connect("config-inited", complete_url)
    app.connect("builder-inited", copy_files)
    app.connect("html-page-context", add_files)
    return {"version": "1", "parallel_read_safe": True, "parallel_write_safe": True}
